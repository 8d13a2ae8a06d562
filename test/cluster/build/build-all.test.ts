import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Artifact, artifactDir } from './artifact-cache.ts';
import { buildAll } from './build-all.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'build-all-'));
  vi.stubEnv('XDG_CACHE_HOME', home);
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true, force: true });
});

/** Built after this many seconds of fake time. */
const takes = (kind: string, seconds: number): Artifact => ({
  kind,
  inputs: [],
  build: async () => new Promise((resolve) => setTimeout(resolve, seconds * 1000)),
});
const fails: Artifact = {
  kind: 'broken',
  inputs: [],
  build: async () => Promise.reject(new Error('no disk')),
};

/** What a log would hold. */
async function logOf(...lanes: Artifact[][]): Promise<string[]> {
  const lines: string[] = [];
  const done = buildAll(lanes, (line) => lines.push(line), 2);
  await vi.runAllTimersAsync();
  await done;
  return lines;
}

describe('without a terminal', () => {
  it('prints a line at the start, after each minute and at the end of a build', async () => {
    expect(await logOf([takes('kubernetes', 130), takes('pause', 1)])).toEqual([
      '2 builds first, about 9 minutes with 2 cores; later starts use the cache',
      '[1/2] kubernetes: building, about 9 minutes',
      '[1/2] kubernetes: building, 1:00 of about 9 minutes',
      '[1/2] kubernetes: building, 2:00 of about 9 minutes',
      '[1/2] kubernetes: built in 2:10',
      '[2/2] pause: building, a few seconds',
      '[2/2] pause: built in 0:01',
    ]);
  });

  it('builds the lanes at the same time, and does not add up their times', async () => {
    expect(await logOf([takes('node-root', 35)], [takes('etcd', 20)])).toEqual([
      '2 builds first, about 40 s with 2 cores; later starts use the cache',
      '[1/2] node-root: building, about 40 s',
      '[2/2] etcd: building, about 30 s',
      '[2/2] etcd: built in 0:20',
      '[1/2] node-root: built in 0:35',
    ]);
  });

  it('does not count what is cached, and prints nothing when all of it is', async () => {
    const pause = takes('pause', 1);
    mkdirSync(artifactDir(pause), { recursive: true });
    expect(await logOf([pause, takes('etcd', 1)])).toEqual([
      '1 build first, about 30 s with 2 cores; 1 already in the cache',
      '[1/1] etcd: building, about 30 s',
      '[1/1] etcd: built in 0:01',
    ]);
    expect(await logOf([pause, takes('etcd', 1)])).toEqual([]);
  });

  it('reports the build of another process as such', async () => {
    const artifact = takes('etcd', 5);
    const lines: string[] = [];
    const other = buildAll([[artifact]], () => undefined, 2);
    const ours = buildAll([[artifact]], (line) => lines.push(line), 2);
    await vi.advanceTimersByTimeAsync(5_000);
    await Promise.all([other, ours]);
    expect(lines.slice(1)).toEqual([
      '[1/1] etcd: waiting for another process that builds it, about 30 s',
      '[1/1] etcd: built by another process',
    ]);
  });
});

describe('on a terminal', () => {
  /** Lines that stay, and after `>` the one that is rewritten. */
  function terminal() {
    const shown: string[] = [];
    const progress = Object.assign((line: string) => void shown.push(line), {
      rewrite: (line: string) => void shown.push(`> ${line}`),
    });
    return { shown, progress };
  }

  it('rewrites one line each second and removes it at the end', async () => {
    const { shown, progress } = terminal();
    const done = buildAll([[takes('etcd', 2.5)]], progress, 2);
    await vi.runAllTimersAsync();
    await done;
    expect(shown.slice(1)).toEqual([
      '> [1/1] etcd: building, 0:00 of about 30 s',
      '> [1/1] etcd: building, 0:01 of about 30 s',
      '> [1/1] etcd: building, 0:02 of about 30 s',
      '[1/1] etcd: built in 0:02',
      '> ',
    ]);
  });

  it('shows the build that takes longest and names the ones beside it', async () => {
    const { shown, progress } = terminal();
    const done = buildAll([[takes('node-root', 35)], [takes('kubernetes', 500)]], progress, 2);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(shown.at(-1)).toBe('> [2/2] kubernetes: building, 0:20 of about 9 minutes (and node-root)');
    await vi.advanceTimersByTimeAsync(16_000);
    expect(shown.at(-1)).toBe('> [2/2] kubernetes: building, 0:36 of about 9 minutes');
    await vi.runAllTimersAsync();
    await done;
  });

  it('removes the line of a build that fails, and reports no success', async () => {
    const { shown, progress } = terminal();
    await expect(buildAll([[fails]], progress, 2)).rejects.toThrow('no disk');
    expect(shown.slice(1)).toEqual(['> [1/1] broken: building, 0:00 of a few seconds', '> ']);
    expect(vi.getTimerCount()).toBe(0);
  });
});
