/** Checks nodes, some at once: one pod each, watched with one list for all, and removed whatever happens. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { V1Pod } from '@kubernetes/client-node';
import { KubeError } from '../../kube/errors.ts';
import type { CheckPods } from './check-pods.ts';
import { stateOf } from './pod-state.ts';
import type { CheckedNode, Probe } from './probe.ts';
import { asSentence, type NodeResult, type NotChecked, notChecked, type Outcome } from './result.ts';

const POLL_MS = 250;

export interface Checks {
  readonly probe: Probe;
  readonly pods: CheckPods;
  /** At the start of each pod's name. */
  readonly run: string;
  readonly concurrency: number;
  /** For each node, from the creation of its pod. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Why no pod can run on the node by now: it was deleted, or is not ready any more. */
  readonly whyNotNow: (node: string) => Promise<NotChecked | undefined>;
  readonly onResult: (result: NodeResult) => void;
  /** Says which pods could not be removed, and the first reason. */
  readonly onLeft: (pods: readonly string[], why: unknown) => void;
}

/** @throws KubeError if the API refuses what every node needs, and the reason of the signal after Ctrl-C */
export async function runChecks(
  nodes: readonly CheckedNode[],
  checks: Checks,
): Promise<readonly NodeResult[]> {
  const { concurrency, pods, onLeft } = checks;
  const waiting = nodes.map((node, at) => ({ node, pod: `dnshealth-check-${checks.run}-${at}` }));
  const listing = sharedListing(pods, checks.signal);
  const results: NodeResult[] = [];
  /** Pods that were created, or may have been. */
  const open = new Set<string>();
  const created = new Set<string>();
  const failed = new AbortController();
  const signal = AbortSignal.any([checks.signal, failed.signal]);

  async function worker(): Promise<void> {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      signal.throwIfAborted();
      open.add(next.pod);
      const outcome = await checkNode(next.node, next.pod, {
        ...checks,
        signal,
        listing,
        created,
      });
      await pods.remove(next.pod);
      open.delete(next.pod);
      created.delete(next.pod);
      const result = { node: next.node.name, ...outcome };
      results.push(result);
      checks.onResult(result);
    }
  }

  const workers = Array.from({ length: Math.min(concurrency, nodes.length) }, async () =>
    worker().catch((error: unknown) => {
      // What one cannot do, none can.
      failed.abort(error);
      throw error;
    }),
  );
  try {
    await Promise.all(workers);
    return results;
  } finally {
    // Until the last one has stopped creating pods.
    await Promise.allSettled(workers);
    const left = [...open];
    const removals = await Promise.allSettled(left.map(async (pod) => pods.remove(pod)));
    const failures = removals.flatMap((removal, at) =>
      removal.status === 'rejected' ? [{ pod: left[at] ?? '', why: removal.reason as unknown }] : [],
    );
    if (failures[0])
      onLeft(
        failures.map(({ pod }) => pod),
        failures[0].why,
      );
  }
}

interface NodeChecks extends Checks {
  readonly listing: () => Promise<ReadonlyMap<string, V1Pod>>;
  /** The pods of this run that exist, and end soon. */
  readonly created: Set<string>;
}

async function checkNode(node: CheckedNode, name: string, checks: NodeChecks): Promise<Outcome> {
  const { probe, pods, listing, timeoutMs, signal, whyNotNow } = checks;
  const refused = await create(node, name, checks);
  if (refused) return refused;
  const dueAt = performance.now() + timeoutMs;
  let why: string | null = null;
  while (true) {
    const pod = (await listing()).get(name);
    signal.throwIfAborted();
    if (pod === undefined)
      return (
        (await whyNotNow(node.name)) ?? notChecked('Deleted', 'Its pod was deleted before it had reported.')
      );
    const state = stateOf(pod);
    if (state.kind === 'never') return state.because;
    if (state.kind === 'waiting') why = state.why;
    else {
      const shown = await probe.read(state, async () => pods.log(name, pod.spec?.containers[0]?.name ?? ''));
      if (shown) return 'kind' in shown ? shown : { kind: 'checked', ...shown };
      why = 'it has not reported';
    }
    if (performance.now() > dueAt) {
      const whyNot = await whyNotNow(node.name);
      if (whyNot) return whyNot;
      const waited = Math.round(timeoutMs / 1000);
      why ??= (await pods.lastWarning(name)) ?? 'the kubelet gives no reason';
      return notChecked('TimedOut', asSentence(`Its pod is not done after ${waited} s: ${why}`));
    }
  }
}

/** @returns why the API server does not admit it; undefined if it is created */
async function create(
  node: CheckedNode,
  name: string,
  { probe, pods, signal, created }: NodeChecks,
): Promise<Outcome | undefined> {
  while (true) {
    signal.throwIfAborted();
    try {
      await pods.create(name, probe.pod(node));
      created.add(name);
      return undefined;
    } catch (error) {
      if (!(error instanceof KubeError) || isMissingPermission(error) || !REFUSALS.has(error.code))
        throw error;
      // The pods of this run count as well, and make room.
      if (!error.detail.includes('exceeded quota') || created.size === 0)
        return notChecked('Refused', asSentence(`The API server refused its pod: ${error.detail}`));
      await sleep(POLL_MS, undefined, { signal });
    }
  }
}

/** What a webhook, a policy, a quota or the Pod Security level answers. */
const REFUSALS: ReadonlySet<number> = new Set([400, 403, 409, 422, 500]);

/** Of RBAC, which is the same for every node. */
const isMissingPermission = ({ code, detail }: KubeError): boolean =>
  code === 403 && / cannot create resource "pods"/.test(detail);

/** One list a moment for all nodes that wait, however many they are. */
function sharedListing(pods: CheckPods, signal: AbortSignal): () => Promise<ReadonlyMap<string, V1Pod>> {
  let next: Promise<ReadonlyMap<string, V1Pod>> | undefined;
  const listLater = async () => {
    await sleep(POLL_MS, undefined, { signal });
    next = undefined;
    return pods.list();
  };
  return async () => (next ??= listLater());
}
