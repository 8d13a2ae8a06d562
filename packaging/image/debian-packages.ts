/** The Debian packages of the base: which, in which versions, and how they are downloaded. */
import { existsSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { sha256, sha256OfFile } from '../digest.ts';
import lock from './debian-packages.json' with { type: 'json' };
import type { ImagePlatform } from './platforms.ts';

export interface DebianPackage {
  readonly name: string;
  readonly version: string;
  /** The archive that has it: `debian` or `debian-security`. */
  readonly archive: string;
  /** In that archive. */
  readonly path: string;
  readonly sha256: string;
}

export interface DebianLock {
  readonly suite: string;
  /** The time at which these were the newest versions, as snapshot.debian.org writes it. */
  readonly snapshot: string;
  readonly packages: Readonly<Record<ImagePlatform['arch'], readonly DebianPackage[]>>;
}

export const DEBIAN: DebianLock = lock;

/**
 * What a program of glibc and C++ needs to run. No shell and no package manager. No tzdata, because Node has the time
 * zones in itself.
 */
export const BASE_PACKAGES = [
  'base-files',
  'ca-certificates',
  'gcc-12-base',
  'libc6',
  'libgcc-s1',
  'libstdc++6',
] as const;

const MIRROR = process.env['DEBIAN_MIRROR'] ?? 'http://deb.debian.org';
const SNAPSHOT = 'http://snapshot.debian.org/archive';

/** Unencrypted, because the digest is checked, and so that a caching proxy can help. */
const sources = ({ archive, path }: DebianPackage): readonly string[] => [
  `${MIRROR}/${archive}/${path}`,
  // A mirror drops a version once there is a newer one.
  `${SNAPSHOT}/${archive}/${DEBIAN.snapshot}/${path}`,
];

/** @returns the path of the package in the cache */
export async function fetchDebianPackage(wanted: DebianPackage): Promise<string> {
  const cache = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'dnshealth-image');
  const file = join(cache, `${wanted.name}-${wanted.sha256}.deb`);
  if (existsSync(file) && (await sha256OfFile(file)) === wanted.sha256) return file;
  const bytes = await download(wanted);
  await mkdir(cache, { recursive: true });
  // Complete or not at all, whatever else downloads it at the same time.
  const temporary = `${file}.${process.pid}`;
  await writeFile(temporary, bytes);
  await rename(temporary, file);
  return file;
}

async function download(wanted: DebianPackage): Promise<Uint8Array> {
  const failures: string[] = [];
  for (const url of sources(wanted)) {
    try {
      const response = await fetch(url);
      const bytes = new Uint8Array(await response.arrayBuffer());
      if (!response.ok) failures.push(`${url} answered ${response.status}`);
      else if (sha256(bytes) !== wanted.sha256)
        failures.push(`${url} has the digest sha256:${sha256(bytes)}`);
      else return bytes;
    } catch (error) {
      failures.push(`${url}: ${String((error as Error).cause ?? error)}`);
    }
  }
  throw new Error(
    `${wanted.name} ${wanted.version} with the digest sha256:${wanted.sha256} cannot be downloaded: ${failures.join('; ')}. ` +
      'If Debian has a newer version, run "npm run image:packages"',
  );
}
