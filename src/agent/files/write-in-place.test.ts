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
  if (file === undefined) throw new Error(`missing file ${path}`);
  return file;
}

/** As a process that is killed after that many bytes. */
function write(bytes: Buffer, killedAfter = Number.POSITIVE_INFINITY): void {
  disk.bytesLeft = killedAfter;
  try {
    writeInPlace(path, path, bytes, judge(), UID);
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
  }
}

const contents = fc.uint8Array({ maxLength: 24, max: 3 }).map((bytes) => Buffer.from(bytes));
/** What an edit does: one part is replaced by another. */
const edits = fc
  .tuple(contents, contents, contents, contents)
  .map(
    ([head, before, after, tail]) =>
      [Buffer.concat([head, before, tail]), Buffer.concat([head, after, tail])] as const,
  );
const kills = fc.nat({ max: 100 });

describe('a write in place', () => {
  it('ends with all of the new bytes', () =>
    fc.assert(
      fc.property(fc.oneof(edits, fc.tuple(contents, contents)), ([old, edited]) => {
        writeFileSync(path, old);
        write(edited);
        expect(readFileSync(path)).toEqual(edited);
      }),
    ));

  it('leaves a recognisable content if it and its restores are killed anywhere, and can be restored', () =>
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

describe('a write in place is refused where', () => {
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
      'a symbolic link has taken the name',
      () => {
        renameSync(path, victim);
        symlinkSync('victim', path);
      },
    ],
    ['the file was given a second hard link', () => linkSync(path, victim)],
    ['the name was removed', () => renameSync(path, victim)],
    ['someone else has written to the file', () => writeFileSync(path, 'x')],
  ])('%s since it was judged', (_what, interfere) => {
    writeFileSync(path, OLD);
    const judged = judge();
    interfere();
    const others = [path, victim].map((name) => readRegularFileQuietly(name));
    expect(() => writeInPlace(path, path, NEW, judged, UID)).toThrow(/since it was read|one hard link/);
    expect([path, victim].map((name) => readRegularFileQuietly(name))).toEqual(others);
    rmSync(path, { force: true });
    rmSync(victim, { force: true });
  });

  it('the file has two hard links when it is judged', () => {
    writeFileSync(path, OLD);
    linkSync(path, victim);
    expect(() => writeInPlace(path, path, NEW, judge(), UID)).toThrow('one hard link');
    expect(readFileSync(victim)).toEqual(OLD);
    rmSync(victim);
  });

  it.skipIf(UID !== 0)('the file is not owned by root', () => {
    writeFileSync(path, OLD);
    chownSync(path, 997, 997);
    expect(() => writeInPlace(path, path, NEW, judge(), UID)).toThrow('one hard link');
    expect(readFileSync(path)).toEqual(OLD);
  });
});

function readRegularFileQuietly(name: string): string {
  try {
    return readRegularFile(name, name)?.bytes.toString() ?? 'none';
  } catch {
    return 'not a regular file';
  }
}
