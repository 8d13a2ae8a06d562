/** Collects what tells who wrote the file that sets resolvConf. Reads times, owners and modes, and the content of no other file. */
import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import { posix } from 'node:path';
import { Refused } from '../../api/refused.ts';
import { MAX_NEIGHBOURS, type Rewritten } from '../../api/rewritten.ts';
import type { HostTree } from '../files/host-tree.ts';
import type { Log } from '../log.ts';
import type { Facts } from './facts.ts';

/** The last repair that changed a file of this node, from its journal. */
export interface LastRepair {
  readonly remediation: string;
  readonly writtenAt: string | undefined;
  readonly path: string;
  readonly sha256Before: string;
  readonly sha256After: string;
}

interface Surroundings {
  readonly host: HostTree;
  readonly log: Log;
  /** For how long the node has been up. */
  readonly uptimeMs: number;
  readonly nowMs: number;
  /** Where the journals are mounted. */
  readonly lastRepairOf?: (path: string) => LastRepair | undefined;
}

/** What one run of a program leaves: kubespray's role, kubeadm or an editor end within this time. */
const TOGETHER_MS = 60_000;
/** A larger directory is not one of a kubelet; the rest of it is not worth the time of a repair. */
const MAX_ENTRIES = 2_000;
const LONGEST_PATH = 200;

interface Place {
  readonly directory: string;
  /** Of a directory with much else in it. */
  readonly only?: RegExp;
}

/** Where the programs that write kubelet configurations leave traces, beside the directory of the file itself. */
const PLACES: readonly Place[] = [
  { directory: '/etc/kubernetes' },
  // kubeadm keeps a copy of what it replaces there, in a directory per run.
  { directory: '/etc/kubernetes/tmp' },
  { directory: '/var/lib/kubelet' },
  { directory: '/etc/systemd/system', only: /^kubelet\.service/ },
  { directory: '/etc/systemd/system/kubelet.service.d' },
  { directory: '/etc/default', only: /^kubelet/ },
  { directory: '/etc/sysconfig', only: /^kubelet/ },
  { directory: '/run/cloud-init' },
  { directory: '/opt/puppetlabs/puppet/cache/state', only: /^last_run_/ },
  // One file for each user, written when that user becomes root.
  { directory: '/run/sudo/ts' },
];

/** The kubelet writes these itself, at each start. */
const OF_THE_KUBELET = /_state$|^(pods|plugins|plugins_registry|device-plugins|pod-resources|checkpoints)$/;

/** Undefined where no file that can be seen sets the value. Never fails: a repair does not depend on it. */
export function rewrittenOf(facts: Pick<Facts, 'effective'>, around: Surroundings): Rewritten | undefined {
  const path = fileOf(facts);
  return path === undefined ? undefined : ifReadable(around, path, () => describeFile(path, facts, around));
}

function describeFile(
  path: string,
  { effective }: Pick<Facts, 'effective'>,
  around: Surroundings,
): Rewritten | undefined {
  const { host, nowMs, uptimeMs } = around;
  const stats = host.stat(path);
  if (stats === undefined) return undefined;
  const resolved = host.resolve(path);
  const near = neighboursOf(resolved, stats, around);
  const resolvConf = ifReadable(around, effective.value, () => describeResolvConf(effective.value, host));
  return {
    path: resolved,
    mtime: iso(stats.mtimeMs),
    ctime: iso(stats.ctimeMs),
    owner: `${stats.uid}:${stats.gid}`,
    mode: (stats.mode & 0o7777).toString(8).padStart(4, '0'),
    ...sinceRepair(resolved, around),
    ...(resolvConf && { resolvConf }),
    neighbours: near.slice(0, MAX_NEIGHBOURS).map((one) => ({
      path: one.path.length > LONGEST_PATH ? `${one.path.slice(0, LONGEST_PATH)}…` : one.path,
      changedAt: iso(one.stats.ctimeMs),
    })),
    more: Math.max(0, near.length - MAX_NEIGHBOURS),
    bootedAt: iso(nowMs - uptimeMs),
  };
}

/** A value that is set nowhere is missing in the --config file, which may have had it before. */
function fileOf({ effective: { source, configPath } }: Pick<Facts, 'effective'>): string | undefined {
  if (source.kind === 'default') return configPath;
  return source.kind === 'unseen-flag' ? undefined : source.path;
}

function sinceRepair(
  path: string,
  { host, lastRepairOf }: Surroundings,
): Pick<Rewritten, 'sinceRepair' | 'repairedAt' | 'content'> {
  const last = lastRepairOf?.(path);
  const bytes = last && host.readBytes(path);
  if (last === undefined || bytes === undefined) return {};
  const sum = createHash('sha256').update(bytes).digest('hex');
  return {
    sinceRepair: last.remediation,
    ...(last.writtenAt === undefined ? {} : { repairedAt: last.writtenAt }),
    content: sum === last.sha256After ? 'AsRepaired' : sum === last.sha256Before ? 'AsBefore' : 'Other',
  };
}

function describeResolvConf(path: string, host: HostTree): Rewritten['resolvConf'] {
  const found = path === '' ? undefined : host.lstat(path);
  if (found === undefined) return undefined;
  const { stats, link } = found;
  return { path, changedAt: iso(stats.ctimeMs), ...(link === undefined ? {} : { link }) };
}

/** By ctime: Ansible and `cp -p` keep the modification time of what they copy. */
function neighboursOf(path: string, { ctimeMs }: Stats, around: Surroundings) {
  const directory = posix.dirname(path);
  const places: readonly Place[] = [
    { directory },
    ...PLACES.filter((place) => place.directory !== directory),
  ];
  const distance = (one: { readonly stats: Stats }): number => Math.abs(one.stats.ctimeMs - ctimeMs);
  return places
    .flatMap((place) => entriesOf(place, around))
    .filter((one) => one.path !== path && distance(one) <= TOGETHER_MS)
    .toSorted((a, b) => distance(a) - distance(b) || (a.path < b.path ? -1 : 1));
}

function entriesOf({ directory, only }: Place, around: Surroundings) {
  const entries = ifReadable(around, directory, () => around.host.entries(directory)) ?? [];
  return entries.slice(0, MAX_ENTRIES).filter(({ path }) => {
    const name = posix.basename(path);
    return !OF_THE_KUBELET.test(name) && only?.test(name) !== false;
  });
}

/** What cannot be read is left out and logged: this is shown to readers, and decides nothing. */
function ifReadable<T>({ log }: Surroundings, path: string, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    log('traces not readable', { path, error: error.message });
    return undefined;
  }
}

const iso = (ms: number): string => new Date(ms).toISOString();
