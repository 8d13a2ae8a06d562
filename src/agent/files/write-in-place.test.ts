import type * as fs from 'node:fs';
import {
  chownSync,
  linkSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { readRegularFile } from './host-tree.ts';
import { isTorn } from './torn.ts';
import { writeInPlace } from './write-in-place.ts';

/** How many bytes are written before the process is killed. */
const disk = vi.hoisted(() => ({ bytesLeft: Number.POSITIVE_INFINITY }));
class Killed extends Error {}

vi.mock('node:fs', async (original) => {
  const real = await original<typeof fs>();
  const writeSync = (
    fd: number,
    bytes: Uint8Array,
    at: number,
    _length: number,
    position: number,
  ): number => {
    if (disk.bytesLeft-- <= 0) throw new Killed();
    return real.writeSync(fd, bytes, at, 1, position);
  };
  return {
    ...real,
    writeSync,
    ftruncateSync: (fd: number, length: number) => {
      if (disk.bytesLeft-- <= 0) throw new Killed();
      real.ftruncateSync(fd, length);
    },
  };
});

const directory = mkdtempSync(join(tmpdir(), 'dnshealth-in-place-'));
const path = join(directory, 'kubelet-config.yaml');
const UID = process.getuid?.() ?? 0;
afterAll(() => rmSync(directory, { recursive: true }));
beforeEach(() => {
  disk.bytesLeft = Number.POSITIVE_INFINITY;
});

function judge() {
  const file = readRegularFile(path, path);
  if (file === undefined) throw new Error('no file');
  return file;
}

/** As a process that is killed after so many bytes. */
function write(bytes: Buffer, killedAfter = Number.POSITIVE_INFINITY): void {
  disk.bytesLeft = killedAfter;
  try {
    writeInPlace(path, path, bytes, judge(), UID);
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
  }
}

const contents = fc.uint8Array({ maxLength: 24, max: 3 }).map((bytes) => Buffer.from(bytes));
/** What an edit does: one part exchanged for another one. */
const edits = fc
  .tuple(contents, contents, contents, contents)
  .map(
    ([head, before, after, tail]) =>
      [Buffer.concat([head, before, tail]), Buffer.concat([head, after, tail])] as const,
  );
const kills = fc.nat({ max: 100 });

describe('a write in place', () => {
  it('ends with the new bytes, whole', () =>
    fc.assert(
      fc.property(fc.oneof(edits, fc.tuple(contents, contents)), ([old, edited]) => {
        writeFileSync(path, old);
        write(edited);
        expect(readFileSync(path)).toEqual(edited);
      }),
    ));

  it('killed anywhere, and its restores killed anywhere, leaves what is known and gives the old bytes back', () =>
    fc.assert(
      fc.property(
        fc.oneof(edits, fc.tuple(contents, contents)),
        kills,
        fc.array(kills, { maxLength: 3 }),
        ([old, edited], killed, restoresKilled) => {
          const known = () => {
            const now = readFileSync(path);
            expect(now.equals(old) || now.equals(edited) || isTorn(now, old, edited)).toBe(true);
          };
          writeFileSync(path, old);
          write(edited, killed);
          known();
          for (const after of restoresKilled) {
            write(old, after);
            known();
          }
          write(old);
          expect(readFileSync(path)).toEqual(old);
        },
      ),
    ));
});

describe('a write in place does not happen where', () => {
  const OLD = Buffer.from('resolvConf: /etc/resolv.conf\n');
  const NEW = Buffer.from('resolvConf: /run/systemd/resolve/resolv.conf\n');
  const victim = join(directory, 'victim');

  it.each<[string, () => void]>([
    [
      'another file has taken the name',
      () => {
        writeFileSync(victim, OLD);
        renameSync(victim, path);
      },
    ],
    [
      'a link has taken the name',
      () => {
        renameSync(path, victim);
        symlinkSync('victim', path);
      },
    ],
    ['the file has got a second name', () => linkSync(path, victim)],
    ['the name is gone', () => renameSync(path, victim)],
    ['somebody else has written the file', () => writeFileSync(path, 'x')],
  ])('%s since it was judged', (_what, meanwhile) => {
    writeFileSync(path, OLD);
    const judged = judge();
    meanwhile();
    const others = [path, victim].map((name) => readRegularFileQuietly(name));
    expect(() => writeInPlace(path, path, NEW, judged, UID)).toThrow(/meanwhile|one name/);
    expect([path, victim].map((name) => readRegularFileQuietly(name))).toEqual(others);
    rmSync(path, { force: true });
    rmSync(victim, { force: true });
  });

  it('the file has two names when it is judged', () => {
    writeFileSync(path, OLD);
    linkSync(path, victim);
    expect(() => writeInPlace(path, path, NEW, judge(), UID)).toThrow('one name');
    expect(readFileSync(victim)).toEqual(OLD);
    rmSync(victim);
  });

  it.skipIf(UID !== 0)('the file is not root’s', () => {
    writeFileSync(path, OLD);
    chownSync(path, 997, 997);
    expect(() => writeInPlace(path, path, NEW, judge(), UID)).toThrow('one name');
    expect(readFileSync(path)).toEqual(OLD);
  });
});

function readRegularFileQuietly(name: string): string {
  try {
    return readRegularFile(name, name)?.bytes.toString() ?? 'none';
  } catch {
    return 'no regular file';
  }
}
