/** `npm run generate`, second part: writes the generated files of the Helm chart, and removes copies whose original is gone. */
import { rm } from 'node:fs/promises';
import { writeGenerated } from '../../src/api/generate.ts';
import { chartFiles, leftOver } from './files.ts';

const check = process.argv.includes('--check');
const outOfDate = await writeGenerated(await chartFiles(), { check });
const rest = await leftOver();
for (const url of rest) {
  if (check) console.error(`${url.pathname} has no original any more: run "npm run generate"`);
  else await rm(url);
}
process.exitCode = check && outOfDate + rest.length > 0 ? 1 : 0;
