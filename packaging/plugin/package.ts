/** `npm run package:plugin`: the archives of all platforms and the krew manifest, in dist/krew/. */
import packageJson from '../../package.json' with { type: 'json' };
import { writePlugin } from './write-plugin.ts';

const url = process.env['PLUGIN_URL'];
if (!url) {
  console.error(
    'PLUGIN_URL is not set: it is the folder that the archives will be downloaded from, for example https://example.com/releases/v0.1.0',
  );
  process.exit(1);
}
await writePlugin('dist/krew', { version: packageJson.version, url });
