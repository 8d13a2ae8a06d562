import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { cached, contentHash } from './artifact-cache.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'artifact-cache-'));
  vi.stubEnv('XDG_CACHE_HOME', home);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true, force: true });
});

const silent = () => undefined;
const build = vi.fn<(dir: string) => Promise<void>>(async (dir) => writeFile(join(dir, 'file'), 'built'));
beforeEach(() => {
  build.mockClear();
});

test('builds once for the same inputs, and again for other inputs', async () => {
  const first = await cached({ kind: 'thing', inputs: ['1'], build }, silent);
  expect(await cached({ kind: 'thing', inputs: ['1'], build }, silent)).toBe(first);
  expect(build).toHaveBeenCalledTimes(1);
  expect(await cached({ kind: 'thing', inputs: ['2'], build }, silent)).not.toBe(first);
});

test('builds once for two calls at the same time', async () => {
  const call = () => cached({ kind: 'thing', inputs: ['1'], build }, silent);
  const [a, b] = await Promise.all([call(), call()]);
  expect(a).toBe(b);
  expect(build).toHaveBeenCalledTimes(1);
});

test('leaves nothing behind that looks complete when a build fails', async () => {
  const broken = async (dir: string) => {
    await writeFile(join(dir, 'half'), '');
    throw new Error('out of disk');
  };
  await expect(cached({ kind: 'thing', inputs: ['1'], build: broken }, silent)).rejects.toThrow(
    'out of disk',
  );
  const dir = await cached({ kind: 'thing', inputs: ['1'], build }, silent);
  expect(readdirSync(dir)).toEqual(['file']);
});

test('takes over the lock of a process that has exited', async () => {
  const dir = await cached({ kind: 'thing', inputs: ['1'], build }, silent);
  rmSync(dir, { recursive: true });
  await writeFile(`${dir}.lock`, JSON.stringify({ pid: 1, startTime: 'never' }));
  await cached({ kind: 'thing', inputs: ['1'], build }, silent);
  expect(existsSync(`${dir}.lock`)).toBe(false);
});

test('keeps only the most recently used ones of a kind, if asked to', async () => {
  for (const input of ['1', '2', '3']) {
    await cached({ kind: 'thing', inputs: [input], build, keep: 2 }, silent);
  }
  expect(readdirSync(join(home, 'dnshealth-rig'))).toHaveLength(2);
});

test('has another hash when a byte moves from one input to the next', () => {
  expect(contentHash(['ab', 'c'])).not.toBe(contentHash(['a', 'bc']));
});
