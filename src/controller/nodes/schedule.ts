/** When each node is due for a check: worked out when something about the node changes, not at every turn. */
import { createHash } from 'node:crypto';
import { parseGoDuration } from '../../api/go-duration.ts';
import type { Candidate } from '../../health/nodes/budget.ts';
import { dueOf } from '../../health/nodes/due.ts';
import { takesSlot } from '../../remediation/rollout/slots.ts';
import { sameLabels } from '../../remediation/scope/node-selector.ts';
import type { Listener, Store } from '../../runtime/reflector/store.ts';
import { coveringPolicy } from '../dns-pods/policies.ts';
import type { Stores } from '../stores.ts';
import { createDnsHosts } from './dns-hosts.ts';
import type { KnownNodes } from './known-nodes.ts';
import type { KubeletStarts } from './kubelet-starts.ts';
import type { NodeRecords } from './node-records.ts';
import type { Wanted } from './wanted.ts';

/** Keys: name of the node. */
export interface Schedule extends Pick<Store<Candidate>, 'get' | 'keys' | 'onChange'> {
  /** The nodes that are due, or will be. */
  candidates(): readonly Candidate[];
  /** Something became known that no listener is called for. */
  refresh(node: string): void;
}

interface ScheduleOptions {
  readonly stores: Pick<Stores, 'nodes' | 'policies' | 'remediations' | 'dnsPods'>;
  readonly known: KnownNodes;
  readonly starts: KubeletStarts;
  readonly records: NodeRecords;
  readonly wanted: Wanted;
  readonly now: () => number;
}

export function createSchedule({ stores, known, starts, records, wanted, now }: ScheduleOptions): Schedule {
  const { nodes, policies, remediations, dnsPods } = stores;
  const due = new Map<string, Candidate>();
  const listeners = new Set<Listener<Candidate>>();
  const hosts = createDnsHosts(dnsPods);

  nodes.onChange((change) => {
    // The kubelet writes its status every few minutes, which changes nothing here.
    const isSame =
      change.kind === 'modified' &&
      change.old.checks === change.object.checks &&
      sameLabels(change.old.labels, change.object.labels) &&
      change.old.deleting === change.object.deleting;
    if (!isSame) refresh(change.key);
  });
  known.onChange(({ key }) => refresh(key));
  records.onWrite(refresh);
  starts.onStart(refresh);
  wanted.onChange(refresh);
  remediations.onChange(({ object }) => refresh(object.spec.node.name));
  dnsPods.onChange(({ object }) => refresh(object.node));
  policies.onChange((change) => {
    // Its status is written often, and changes nothing here.
    if (change.kind === 'modified' && change.old.generation === change.object.generation) return;
    for (const name of nodes.keys()) refresh(name);
  });

  function refresh(name: string): void {
    const old = due.get(name);
    const object = candidateOf(name);
    if (!object) {
      due.delete(name);
      return;
    }
    due.set(name, object);
    if (old && old.at === object.at && old.why === object.why && old.policy === object.policy) return;
    const change = old
      ? ({ kind: 'modified', key: name, object, old } as const)
      : ({ kind: 'added', key: name, object } as const);
    for (const listener of listeners) listener(change);
  }

  function candidateOf(name: string): Candidate | null {
    const node = nodes.get(name);
    const facts = known.get(name);
    const policy = coveringPolicy(stores, name);
    const intervalMs = policy && parseGoDuration(policy.spec.drift.interval);
    if (!policy || intervalMs === null || !node || node.deleting || facts?.uid !== node.uid) return null;
    const own = remediations.list().filter(({ spec }) => spec.node.uid === node.uid);
    if (own.some(takesSlot)) return null;
    const repaired = own.flatMap(({ status }) =>
      status.phase === 'Healed' && status.repair?.outcome === 'repaired'
        ? Date.parse(status.finishedAt ?? '') || []
        : [],
    );
    const found = dueOf(
      {
        ...facts,
        kubeletStartedAt: starts.of(name),
        isWanted: wanted.has(name),
        repairedAt: repaired.length > 0 ? Math.max(...repaired) : null,
      },
      records.of(node),
      { intervalMs, phase: phaseOf(node.uid), now: now() },
    );
    return (
      found && {
        ...found,
        node: name,
        uid: node.uid,
        policy: policy.uid,
        hostsDNSPods: hosts.has(name),
      }
    );
  }

  return {
    get: (name) => due.get(name),
    keys: () => [...due.keys()],
    candidates: () => [...due.values()],
    refresh,
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

/** From 0 to 1, the same for a node each time. */
export const phaseOf = (uid: string): number =>
  createHash('sha256').update(uid).digest().readUInt32BE() / 2 ** 32;
