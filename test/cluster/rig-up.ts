/** From a name to a running rig: finds one that runs, or builds and starts it. */
import { join } from 'node:path';
import { addressPlan, type IpFamily } from './address-plan.ts';
import { buildArtifacts } from './build/artifacts.ts';
import { componentProcess } from './control-plane/component-process.ts';
import { COMPONENTS } from './control-plane/components.ts';
import { raiseLimits } from './machine-limits.ts';
import { machineRoutes, usesNetwork } from './network/network.ts';
import { ensureMachine } from './preflight.ts';
import type { Progress } from './progress.ts';
import { type RigPaths, rigPaths } from './rig-paths.ts';
import { type RigParts, startRig } from './rig-start.ts';
import { claimSlot, readRecord, writeRecord } from './rig-state.ts';
import { forRig } from './run.ts';
import { hostCgroup } from './teardown/cgroups.ts';
import { tearDown } from './teardown/down.ts';

export interface UpOptions {
  /** @default 'dnshealth' */
  readonly name?: string;
  /** @default 2 */
  readonly nodeCount?: number;
  /** Of nodes, pods and Services. @default 'ipv4' */
  readonly ipFamily?: IpFamily;
  readonly onProgress?: Progress;
}

export const DEFAULT_NAME = 'dnshealth';

/** The rig of that name; throws if it is not up. */
export function openRig(name: string): RigParts {
  const paths = rigPaths(name);
  const record = readRecord(paths);
  if (record?.phase !== 'up') throw new Error(`no rig named ${name} is up`);
  const { slot, nodeCount, ipFamily, artifacts } = record;
  return { paths, plan: addressPlan(slot, nodeCount, ipFamily), artifacts };
}

/**
 * Builds what is missing in the cache and starts a rig. Returns when all nodes are Ready and each has a Ready CoreDNS
 * pod. Opens the rig of that name if it runs; takes it down first if its start was interrupted. What a failed start
 * leaves behind is kept for inspection, until `down`.
 */
export async function rigUp(options: UpOptions): Promise<RigParts> {
  const { name = DEFAULT_NAME, nodeCount = 2, ipFamily = 'ipv4', onProgress = () => undefined } = options;
  const paths = rigPaths(name);
  // After a reboot of the machine, the record is still there but nothing runs.
  const runs = COMPONENTS.some((component) => componentProcess(paths, component) !== undefined);
  if (runs && readRecord(paths)?.phase === 'up') {
    const rig = openRig(name);
    if (rig.plan.ipFamily === ipFamily) return rig;
    throw new Error(`${name} is up with IP family ${rig.plan.ipFamily}; take it down first for ${ipFamily}`);
  }
  await ensureMachine(paths, onProgress);
  await tearDown(paths);
  const procs = join(hostCgroup(paths.cgroup), 'cgroup.procs');
  return forRig({ cgroup: paths.cgroup, procs }, async () =>
    start(paths, { nodeCount, ipFamily }, onProgress),
  );
}

async function start(
  paths: RigPaths,
  { nodeCount, ipFamily }: Pick<Required<UpOptions>, 'nodeCount' | 'ipFamily'>,
  progress: Progress,
): Promise<RigParts> {
  const artifacts = await buildArtifacts(progress);
  const networks = (slot: number) => addressPlan(slot, nodeCount, ipFamily).networks;
  const routes = await machineRoutes(networks(0).map(({ family }) => family));
  const { name } = paths;
  const isFree = (candidate: number): boolean =>
    !networks(candidate).some((network) => usesNetwork(routes, network));
  const slot = claimSlot(name, isFree);
  raiseLimits(progress);
  const parts = { paths, plan: addressPlan(slot, nodeCount, ipFamily), artifacts };
  const record = { name, slot, nodeCount, ipFamily, artifacts };
  writeRecord(paths, { ...record, phase: 'starting' });
  const startedAt = performance.now();
  const seconds = () => ((performance.now() - startedAt) / 1000).toFixed(1).padStart(5);
  await startRig(parts, (line) => progress(`${seconds()} s  ${line}`));
  writeRecord(paths, { ...record, phase: 'up' });
  return parts;
}
