/** What an operator has left in the cluster, as far as the user may see it. Reads only. */
import * as z from 'zod';
import {
  API_VERSION,
  CHECK_ANNOTATION,
  CHECK_NAMESPACE,
  EXCLUDE_LABEL,
  EXCLUDE_REASON_ANNOTATION,
  MANAGED_BY,
  MANAGED_BY_LABEL,
  NODE_NAMESPACE,
  QUARANTINE_ANNOTATION,
  QUARANTINE_TAINT_KEY,
  QUARANTINED_BY_LABEL,
  REMEDIATION_LABEL,
} from '../../api/keys.ts';
import { NODE_CONDITION } from '../../api/node-condition.ts';
import type { KubeClient } from '../../kube/client.ts';
import { isNotFound } from '../../kube/errors.ts';
import { parseAgentPod } from '../../observe/agent-run.ts';
import { parseRemediations } from '../../observe/custom-resources.ts';
import { isAbandoned } from '../../remediation/housekeeping/abandoned.ts';
import type { AgentRun } from '../../remediation/world.ts';
import { explain } from '../errors.ts';

/** A node that carries the annotation, the label or the taint. */
export interface MarkedNode {
  readonly name: string;
  /** Of the annotation; null without it. */
  readonly text: string | null;
}

/** A node that an administrator, or a rollback that someone asked for, keeps from repairs. */
export interface ExcludedNode {
  readonly name: string;
  /** Beside the label; null without it. */
  readonly reason: string | null;
}

/**
 * A repair Job, a pod of the agent whose Job is gone, or a check.
 * - `unstarted`: none of its containers has begun
 * - `running`: one may be at work
 * - `ended`: none begins any more
 */
export interface Work {
  readonly kind: 'Job' | 'Pod';
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly node: string;
  readonly state: 'unstarted' | 'running' | 'ended';
  /** Of an incident or of the checks of nodes; another check is someone's who uses `kubectl dnshealth check`. */
  readonly ofOperator: boolean;
}

/** One that is not over, or that holds its node according to its record. */
export interface OpenIncident {
  readonly name: string;
  readonly node: string;
}

export interface Leftovers {
  readonly nodes: readonly MarkedNode[];
  /** Names of nodes with the condition or the record of checks, which nobody keeps true any more. */
  readonly checkedNodes: readonly string[];
  readonly excludedNodes: readonly ExcludedNode[];
  /** null if it could not be read: then a repair may be at work on any node. */
  readonly repairs: readonly Work[] | null;
  readonly checks: readonly Work[];
  readonly incidents: readonly OpenIncident[];
  /** What could not be read, one sentence each, in lower case without a full stop. */
  readonly unread: readonly string[];
}

export async function findLeftovers(kube: KubeClient, signal: AbortSignal): Promise<Leftovers> {
  const unread: string[] = [];
  const read = async <T>(what: Promise<T>): Promise<T | null> => {
    try {
      return await what;
    } catch (error) {
      if (signal.aborted) throw error;
      unread.push(explain(error));
      return null;
    }
  };
  const [nodes, repairs, checks, incidents] = await Promise.all([
    read(nodesOf(kube, signal)),
    read(findRepairs(kube, signal)),
    read(podsIn(kube, CHECK_NAMESPACE, signal)),
    read(openIncidents(kube, signal)),
  ]);
  return {
    nodes: (nodes ?? []).flatMap(({ name, text, isMarked }) => (isMarked ? [{ name, text }] : [])),
    checkedNodes: (nodes ?? []).flatMap(({ name, isChecked }) => (isChecked ? [name] : [])),
    excludedNodes: (nodes ?? []).flatMap(({ excluded }) => excluded ?? []),
    repairs,
    checks: (checks ?? []).map(({ work }) => work),
    incidents: incidents ?? [],
    unread,
  };
}

const stringMap = z.record(z.string(), z.string()).default({});
const nodeSchema = z.object({
  metadata: z.object({ name: z.string(), annotations: stringMap, labels: stringMap }),
  spec: z.object({ taints: z.array(z.object({ key: z.string() })).default([]) }).prefault({}),
  status: z.object({ conditions: z.array(z.object({ type: z.string() })).default([]) }).prefault({}),
});

interface FoundNode extends MarkedNode {
  readonly isMarked: boolean;
  readonly isChecked: boolean;
  readonly excluded: ExcludedNode | null;
}

async function nodesOf(kube: KubeClient, signal: AbortSignal): Promise<readonly FoundNode[]> {
  const found: FoundNode[] = [];
  for await (const raw of listed(kube, '/api/v1/nodes', '', signal)) {
    const { metadata, spec, status } = nodeSchema.parse(raw);
    const text = metadata.annotations[QUARANTINE_ANNOTATION] ?? null;
    const isMarked =
      text !== null ||
      QUARANTINED_BY_LABEL in metadata.labels ||
      spec.taints.some(({ key }) => key === QUARANTINE_TAINT_KEY);
    const isChecked =
      CHECK_ANNOTATION in metadata.annotations ||
      status.conditions.some(({ type }) => type === NODE_CONDITION);
    const { name, annotations, labels } = metadata;
    const reason = annotations[EXCLUDE_REASON_ANNOTATION] ?? null;
    const excluded = labels[EXCLUDE_LABEL] === 'true' ? { name, reason } : null;
    if (isMarked || isChecked || excluded) found.push({ name, text, isMarked, isChecked, excluded });
  }
  return found;
}

const jobSchema = z.object({
  metadata: z.object({ name: z.string(), uid: z.string() }),
  spec: z.object({ template: z.object({ spec: z.object({ nodeName: z.string().default('') }) }) }),
  status: z
    .object({ conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]) })
    .prefault({}),
});

/** Jobs with the state of their pods, and pods whose Job is gone. */
export async function findRepairs(kube: KubeClient, signal: AbortSignal): Promise<readonly Work[]> {
  const jobs: z.infer<typeof jobSchema>[] = [];
  for await (const raw of listed(kube, `/apis/batch/v1/namespaces/${NODE_NAMESPACE}/jobs`, OURS, signal))
    jobs.push(jobSchema.parse(raw));
  // The pods last: what counts is whether one works now.
  const pods = await podsIn(kube, NODE_NAMESPACE, signal);
  const known = new Set(jobs.map(({ metadata }) => metadata.uid));
  const strays = pods.filter(({ owners }) => !owners.some((uid) => known.has(uid)));
  return [...jobs.map((job) => workOf(job, pods)), ...strays.map(({ work }) => work)];
}

function workOf({ metadata, spec, status }: z.infer<typeof jobSchema>, pods: readonly OwnedPod[]): Work {
  const own = pods.filter(({ owners }) => owners.includes(metadata.uid)).map(({ work }) => work.state);
  const isOver = status.conditions.some(
    ({ type, status: state }) => (type === 'Complete' || type === 'Failed') && state === 'True',
  );
  const hasEnded = isOver || own.includes('ended');
  return {
    kind: 'Job',
    namespace: NODE_NAMESPACE,
    name: metadata.name,
    uid: metadata.uid,
    node: spec.template.spec.nodeName,
    state: own.includes('running') ? 'running' : hasEnded ? 'ended' : 'unstarted',
    ofOperator: true,
  };
}

interface OwnedPod {
  readonly work: Work;
  readonly owners: readonly string[];
}

const podSchema = z.object({
  metadata: z.object({ labels: stringMap }),
  spec: z.object({ nodeName: z.string().default('') }),
});

async function podsIn(
  kube: KubeClient,
  namespace: string,
  signal: AbortSignal,
): Promise<readonly OwnedPod[]> {
  const pods: OwnedPod[] = [];
  for await (const raw of listed(kube, `/api/v1/namespaces/${namespace}/pods`, OURS, signal)) {
    const { name, uid, state, guard, ownerUIDs, origin } = parseAgentPod(raw);
    const { metadata, spec } = podSchema.parse(raw);
    pods.push({
      owners: ownerUIDs,
      work: {
        kind: 'Pod',
        namespace,
        name,
        uid,
        node: spec.nodeName,
        state: stateOf(guard ? [state, guard.state] : [state]),
        ofOperator: REMEDIATION_LABEL in metadata.labels || origin !== null,
      },
    });
  }
  return pods;
}

function stateOf(containers: readonly AgentRun['state'][]): Work['state'] {
  if (containers.every((state) => state === 'starting')) return 'unstarted';
  return containers.every((state) => state === 'ended') ? 'ended' : 'running';
}

async function openIncidents(kube: KubeClient, signal: AbortSignal): Promise<readonly OpenIncident[]> {
  try {
    const raw = await kube.customResource(API_VERSION, 'dnsremediations').list(signal);
    return parseRemediations(raw)
      .filter(isAbandoned)
      .map(({ name, spec }) => ({ name, node: spec.node.name }));
  } catch (error) {
    // The CRDs were deleted, and all incidents with them.
    if (isNotFound(error)) return [];
    throw error;
  }
}

const OURS = `${MANAGED_BY_LABEL}=${MANAGED_BY}`;
const PAGE = 500;
const pageSchema = z.object({
  items: z.array(z.unknown()),
  metadata: z.object({ continue: z.string().optional() }).prefault({}),
});

async function* listed(
  kube: KubeClient,
  path: string,
  labelSelector: string,
  signal: AbortSignal,
): AsyncGenerator {
  let token: string | undefined;
  do {
    const query = { limit: PAGE, continue: token, labelSelector: labelSelector || undefined };
    const page = pageSchema.parse(await kube.raw.request({ method: 'GET', path, query, signal }));
    yield* page.items;
    token = page.metadata.continue || undefined;
  } while (token !== undefined);
}
