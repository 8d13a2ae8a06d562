/** What happens to the simulated cluster: who fails, how its programs end, and when the operator is killed. */
import type { CheckReport, GuardReport, RepairReport } from '../../../src/api/agent-protocol.ts';
import type { NodeCheckRecord } from '../../../src/api/node-check-record.ts';
import type { DnsPodView, Remediation } from '../../../src/remediation/world.ts';
import { aDnsPod, aLoopingPod, aRemediation, aRepairReport, at } from './builders.ts';

/**
 * A DNS pod on a node that was found wrong. `good`: in a sandbox from before, so that it serves. `given-the-stub`: it crashes
 * in a loop. `late-loop`: it was given the stub too, has no loop plugin, and is known not to answer.
 */
export type DriftingPod = 'good' | 'given-the-stub' | 'late-loop';
export const ON_NODE_1: Readonly<Record<DriftingPod, DnsPodView>> = {
  good: aDnsPod({ name: 'coredns-good', uid: 'good', node: 'node-1' }),
  'given-the-stub': aLoopingPod({ uid: 'given-the-stub' }),
  'late-loop': aDnsPod({ name: 'coredns-late', uid: 'late-loop', node: 'node-1', answers: false }),
};

/** As many repairs of the node within a day as a policy allows by default. */
export const REPAIRED_BEFORE: readonly Remediation[] = ['first', 'second'].map((name) =>
  aRemediation({
    name,
    uid: name,
    status: { phase: 'Healed', finishedAt: new Date(at(-60)).toISOString(), repair: aRepairReport() },
  }),
);

/** How an attempt ends that passes by itself. */
export type Passing = 'never-starts' | 'target-silent' | 'interrupted';

export interface Script {
  /** The DNS pods of the node, if it was found wrong before one of them failed. Without it one of them crashed. */
  readonly drift?: readonly DriftingPod[] | null;
  /** Of a node that was found wrong: only its file is, and its kubelet is not to be restarted. @default false */
  readonly inFile?: boolean;
  /** What the inspection leaves of a node that was found wrong after as many repairs as the policy allows. */
  readonly repairedOften?: 'report' | 'nothing' | 'no-start' | null;
  readonly strategy: 'Cordon' | 'Taint';
  readonly cordonedBefore: boolean;
  /** How the agent ends, or that it does not. */
  readonly agent:
    | RepairReport['outcome']
    | 'never-starts'
    | 'silent'
    | 'failed-kubelet-down'
    /** The value is in a directory that the first Job cannot write. */
    | 'elsewhere'
    | 'dies-once'
    | 'dies-always';
  /** How the first Jobs end, one by one; those after them as `agent` says. */
  readonly passing?: readonly Passing[];
  /** How the guard ends, or that it does not, or not with a report. Without one the agent watches by itself. */
  readonly guard: 'none' | Exclude<GuardReport['outcome'], 'nothing-to-guard'> | 'dies' | 'endless';
  /** `killed-once`: the first proof pod ends without a report, the second one proves the node. */
  readonly proof: CheckReport['outcome'] | 'silent' | 'killed-once';
  readonly dnsWorks: boolean;
  /** How long the replacement of a deleted DNS pod takes to start. @default 1000 */
  readonly replacementMs?: number;
  /** For ten minutes before this reconcile the operator is away, or the API server with everything that is to be seen. */
  readonly away?: { readonly step: number; readonly who: 'operator' | 'api-server' };
  /** Numbers of the status writes that are lost because the operator is killed before them. */
  readonly lostAfter: ReadonlySet<number>;
}

/** A check found the node well. */
export function aCheckRecord(now: number): NodeCheckRecord {
  const time = new Date(now).toISOString();
  return {
    version: 1,
    found: { verdict: 'proven', class: 'ok', nameservers: ['192.0.2.53'], at: time },
    failures: 0,
    condition: { reason: 'Proven', message: '', since: time, writtenAt: time },
  };
}

/** An inspection found the file right. */
export function bothRight(now: number): NodeCheckRecord {
  const record = aCheckRecord(now);
  const at = new Date(now).toISOString();
  return { ...record, files: { verdict: 'both-right', at, nonce: 'nonce-1', message: 'Both are right.' } };
}
