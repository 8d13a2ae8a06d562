/** From a name to a running rig: finds one that runs, or builds and starts it. */
import { join } from 'node:path';
import { addressPlan, type IpFamily } from './address-plan.ts';
import { buildArtifacts } from './build/artifacts.ts';
import { type KubernetesVersion, kubernetesVersion } from './build/kubernetes-versions.ts';
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
  /** One of `kubernetesVersions()`, as minor or patch version. @default that of the variable KUBERNETES, or the oldest */
  readonly kubernetes?: string | undefined;
  readonly onProgress?: Progress;
}

export const DEFAULT_NAME = 'dnshealth';

/** The rig of that name; throws if it is not up. */
export function openRig(name: string): RigParts {
  const paths = rigPaths(name);
  const record = readRecord(paths);
  if (record?.phase !== 'up') throw new Error(`no rig named ${name} is up`);
  const { slot, nodeCount, ipFamily, artifacts, kubernetes } = record;
  return { paths, plan: addressPlan(slot, nodeCount, ipFamily), artifacts, kubernetes };
}

/**
 * Builds what is missing in the cache and starts a rig. Returns when all nodes are Ready and each has a Ready CoreDNS
 * pod. Opens the rig of that name if it runs; takes it down first if its start was interrupted. What a failed start
 * leaves behind is kept for inspection, until `down`.
 */
export async function rigUp(options: UpOptions): Promise<RigParts> {
  const { name = DEFAULT_NAME, nodeCount = 2, ipFamily = 'ipv4', onProgress = () => undefined } = options;
  const kubernetes = kubernetesVersion(options.kubernetes);
  const paths = rigPaths(name);
  // After a reboot of the machine, the record is still there but nothing runs.
  const runs = COMPONENTS.some((component) => componentProcess(paths, component) !== undefined);
  if (runs && readRecord(paths)?.phase === 'up') {
    const rig = openRig(name);
    const differs = [
      rig.plan.ipFamily === ipFamily ? [] : [['IP family', rig.plan.ipFamily, ipFamily]],
      rig.kubernetes === kubernetes.patch ? [] : [['Kubernetes', rig.kubernetes, kubernetes.patch]],
    ].flat();
    const [first] = differs;
    if (!first) return rig;
    throw new Error(`${name} is up with ${first[0]} ${first[1]}; take it down first for ${first[2]}`);
  }
  await ensureMachine(paths, kubernetes, onProgress);
  await tearDown(paths);
  const procs = join(hostCgroup(paths.cgroup), 'cgroup.procs');
  return forRig({ cgroup: paths.cgroup, procs }, async () =>
    start(paths, { nodeCount, ipFamily, kubernetes }, onProgress),
  );
}

async function start(
  paths: RigPaths,
  {
    nodeCount,
    ipFamily,
    kubernetes,
  }: Pick<Required<UpOptions>, 'nodeCount' | 'ipFamily'> & {
    readonly kubernetes: KubernetesVersion;
  },
  progress: Progress,
): Promise<RigParts> {
  const artifacts = await buildArtifacts(kubernetes, progress);
  const networks = (slot: number) => addressPlan(slot, nodeCount, ipFamily).networks;
  const routes = await machineRoutes(networks(0).map(({ family }) => family));
  const { name } = paths;
  const isFree = (candidate: number): boolean =>
    !networks(candidate).some((network) => usesNetwork(routes, network));
  const slot = claimSlot(name, isFree);
  raiseLimits(progress);
  const parts = {
    paths,
    plan: addressPlan(slot, nodeCount, ipFamily),
    artifacts,
    kubernetes: kubernetes.patch,
  };
  const record = { name, slot, nodeCount, ipFamily, artifacts, kubernetes: kubernetes.patch };
  writeRecord(paths, { ...record, phase: 'starting' });
  const startedAt = performance.now();
  const seconds = () => ((performance.now() - startedAt) / 1000).toFixed(1).padStart(5);
  await startRig(parts, (line) => progress(`${seconds()} s  ${line}`));
  writeRecord(paths, { ...record, phase: 'up' });
  return parts;
}
