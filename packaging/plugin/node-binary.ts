/** Fetches the Node of a platform from npm, and checks it against the digest in the table of platforms. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { NODE_VERSION, type Platform } from './platforms.ts';

const run = promisify(execFile);

/**
 * Unpacks `bin/node` and `LICENSE` into the folder. npm serves what it has in its cache.
 * @throws Error if the package is not the one that the table names
 */
export async function fetchNode({ nodePackage, integrity }: Platform, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const name = `${nodePackage}@${NODE_VERSION}`;
  // Not the project's folder: what is set there (the Node of its tests) is not about these packages.
  const { stdout } = await run('npm', ['pack', name, '--silent', '--prefer-offline'], { cwd: folder });
  const archive = join(folder, stdout.trim());
  const hash = createHash('sha512');
  await pipeline(createReadStream(archive), hash);
  const found = `sha512-${hash.digest('base64')}`;
  if (found !== integrity) throw new Error(`${name} has the digest ${found} instead of ${integrity}`);
  const wanted = ['package/bin/node', 'package/LICENSE'];
  await run('tar', ['-xzf', archive, '-C', folder, '--strip-components=1', ...wanted]);
}
