/** Puts saved files together: which belong to which DNS pod and node. The offline counterpart of `gather/`. Pure. */
import * as z from 'zod';
import { Refused } from '../../../api/refused.ts';
import type { Case, SavedText } from '../../../diagnosis/case.ts';
import { readKubeletConfig } from '../../../diagnosis/kubelet/kubelet-config.ts';
import type { ParsedPod } from '../case-pod.ts';
import { withNodeCheck } from '../from-node-check.ts';
import type { Gathered, GatheredPod, TakenFile } from '../gathered.ts';
import { parseConfigz } from '../kubelet-facts.ts';
import { currentDeath } from '../pod-death.ts';
import { type DumpedCluster, dumpedCluster } from './dumped-cluster.ts';
import { journalFlags } from './journal.ts';
import { type NodeFiles, nodeFiles } from './node-files.ts';
import { type DumpedLog, dumpedLogs, parseObjects, type SavedObject } from './objects.ts';
import type { SavedFile } from './saved-file.ts';

export interface SavedProblem {
  readonly path: string;
  /** In words that follow the path, or a sentence where the path is empty. */
  readonly why: string;
}

export interface GatheredSaved {
  readonly gathered: Gathered;
  /** Files that could not be parsed. */
  readonly problems: readonly SavedProblem[];
}

export function gatherSaved(files: readonly SavedFile[], taken: readonly TakenFile[]): GatheredSaved {
  const { objects, logs, problems } = parsed(files);
  const cluster = dumpedCluster(objects);
  const usable = files.filter(({ path }) => !problems.some((problem) => problem.path === path));
  const saved: Saved = { files: usable.map(journalFlags), cluster, logs };
  // Without a pod, everything is of one that is not known.
  const pods =
    cluster.pods.length === 0 ? [unknownPod(saved)] : cluster.pods.map((pod) => knownPod(saved, pod));
  return {
    gathered: {
      pods,
      others: [],
      operator: cluster.operator,
      forbidden: [],
      files: taken,
    },
    problems: [...problems, ...cluster.problems.map((why) => ({ path: '', why }))],
  };
}

interface Saved {
  readonly files: readonly SavedFile[];
  readonly cluster: DumpedCluster;
  readonly logs: readonly DumpedLog[];
}

function parsed(files: readonly SavedFile[]) {
  const objects: SavedObject[] = [];
  const logs: DumpedLog[] = [];
  const problems: SavedProblem[] = [];
  for (const { path, kind, text, source } of files) {
    const problem = problemOf(kind, text, source);
    if (problem !== null) problems.push({ path, why: problem });
    if (kind === 'log') logs.push(...dumpedLogs(text));
    if (kind !== 'objects') continue;
    try {
      const found = parseObjects(text);
      objects.push(...found.objects);
      logs.push(...found.logs);
    } catch (error) {
      problems.push({ path, why: error instanceof Error ? error.message : String(error) });
    }
  }
  return { objects, logs, problems };
}

/** Why a file of the kubelet cannot be understood, in words that follow its path; null if it can be. */
function problemOf(kind: SavedFile['kind'], text: string, source: string): string | null {
  try {
    if (kind === 'configz') parseConfigz(JSON.parse(text));
    if (kind === 'kubelet-config') readKubeletConfig(text, source);
    return null;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError)
      return 'is not the answer of /configz, or is cut off';
    if (error instanceof Refused) return error.message.replace(/^The file \S+ /, '').replace(/\.$/, '');
    throw error;
  }
}

function unknownPod(saved: Saved): GatheredPod {
  const { files, cluster } = saved;
  const [corefile] = corefiles(saved);
  const [onlyNode] = cluster.nodes.size === 1 ? [...cluster.nodes.values()] : [];
  const log = joined(files.filter(({ kind }) => kind === 'log'));
  const facts: Partial<Case> = {
    ...(log !== undefined && { log }),
    ...(corefile && { corefile }),
    ...podResolvConf(files),
  };
  return build(saved, facts, nodeFiles(files), onlyNode);
}

function knownPod(saved: Saved, pod: ParsedPod): GatheredPod {
  const { cluster } = saved;
  const { dns, facts, stuck } = pod;
  const own = ofNode(saved, dns.node);
  const workload = cluster.workloadOf(pod);
  const death = currentDeath(pod, lastMoment(cluster.pods));
  const log = logOf(saved, pod, death !== null && !death.isCurrent);
  const [configMap] = dns.configMaps.filter((name) => cluster.corefiles.has(name));
  const corefile =
    configMap === undefined
      ? corefiles(saved)[0]
      : { text: cluster.corefiles.get(configMap) ?? '', source: `ConfigMap kube-system/${configMap}` };
  const { death: _history, ...container } = facts.container ?? {
    name: '',
    restartCount: 0,
    state: 'waiting',
  };
  const found: Partial<Case> = {
    pod: {
      ...facts,
      ...(workload && { workload: { kind: workload.kind, name: workload.name } }),
      ...(facts.container && { container: { ...container, ...(death && { death }) } }),
    },
    ...(log !== undefined && { log }),
    ...(corefile && { corefile }),
    ...(configMap !== undefined && { configMap }),
    ...podResolvConf(own.filter(({ path }) => cluster.pods.length === 1 || path.includes(dns.name))),
  };
  const built = build(saved, found, nodeFiles(own), cluster.nodes.get(dns.node));
  return stuck === undefined ? built : { ...built, stuck };
}

function build(
  { cluster }: Saved,
  facts: Partial<Case>,
  { kubelet, configz, hostFiles, clusterDNS, problems }: NodeFiles,
  node: GatheredPod['node'],
): GatheredPod {
  // A node-local cache has an address that is valid on the node alone.
  const isLocal = (address: string): boolean => address.startsWith('169.254.') || /^fe80:/i.test(address);
  return withNodeCheck({
    facts: {
      ...facts,
      clusterDNS: [...new Set([...cluster.clusterDNS, ...clusterDNS.filter((each) => !isLocal(each))])],
      nodeLocalDNS: clusterDNS.filter(isLocal),
      ...(node && { node: node.facts }),
      hostFiles,
      ...(kubelet && { kubelet }),
      siblings: [],
    },
    ...(node && { node }),
    ...(configz && { configz }),
    // A file that the unit names and that was not saved, for example.
    notes: problems.map((text) => ({ source: 'saved files', text })),
    missing: [],
  });
}

/** Files below a directory with the name of a node are of that node; others are of all. */
function ofNode({ files, cluster }: Saved, node: string): readonly SavedFile[] {
  const names = new Set([...cluster.nodes.keys(), ...cluster.pods.map(({ dns }) => dns.node)]);
  return files.filter(({ path }) => {
    const owners = path.split('/').filter((part) => names.has(part));
    return owners.length === 0 ? names.size <= 1 : owners.includes(node);
  });
}

function corefiles({ files, cluster }: Saved): readonly SavedText[] {
  const given = files.filter(({ kind }) => kind === 'corefile').map(({ text, source }) => ({ text, source }));
  const mapped = [...cluster.corefiles].map(([name, text]) => ({
    text,
    source: `ConfigMap kube-system/${name}`,
  }));
  return [...given, ...mapped];
}

/** The log of the instance that died, where both were saved. */
function logOf(
  { files, logs, cluster }: Saved,
  { dns, container }: ParsedPod,
  hasNext: boolean,
): string | undefined {
  const texts = files.filter(({ kind }) => kind === 'log');
  const own = texts.filter(({ path }) => path.includes(dns.name) || cluster.pods.length === 1);
  const previous = own.filter(({ path }) => /previous/.test(path));
  const current = own.filter((file) => !previous.includes(file));
  const dumped = logs.find((log) => log.pod === dns.name && log.container === container?.name);
  const chosen = hasNext && previous.length > 0 ? previous : current;
  return joined(chosen.filter(({ text }) => dumpedLogs(text).length === 0)) ?? dumped?.text;
}

function joined(files: readonly SavedFile[]): string | undefined {
  return files.length === 0 ? undefined : files.map(({ text }) => text).join('\n');
}

function podResolvConf(files: readonly SavedFile[]): Pick<Case, 'sandboxResolvConf'> {
  const given = files.find(({ kind }) => kind === 'pod-resolv-conf');
  return given ? { sandboxResolvConf: { text: given.text, source: given.source } } : {};
}

/** When the objects were saved, as far as they tell: nothing in them is later. Epoch milliseconds. */
function lastMoment(pods: readonly ParsedPod[]): number {
  const times = pods.flatMap(({ dns }) =>
    dns.containers.flatMap(({ runningSince, death }) => [runningSince ?? 0, death?.finishedAt ?? 0]),
  );
  return Math.max(0, ...times);
}
