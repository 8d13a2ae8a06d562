/** A cluster of one broken and one healthy node in memory: carries out effects, advances time, and crashes on demand. */
import type { CheckReport, GuardReport, RepairReport } from '../../../src/api/agent-protocol.ts';
import { assertNever } from '../../../src/api/assert-never.ts';
import type { NodeCheckRecord } from '../../../src/api/node-check-record.ts';
import type { QuarantineRecord } from '../../../src/api/quarantine-record.ts';
import type { RemediationStatus } from '../../../src/api/remediation.ts';
import { plan } from '../../../src/remediation/plan.ts';
import { afterEffect, afterEnd, afterFinding, whileWaiting } from '../../../src/remediation/record/status.ts';
import type { Effect, EffectResult, Verdict } from '../../../src/remediation/verdict.ts';
import type {
  AgentRun,
  DnsPodView,
  NodeView,
  Remediation,
  Situation,
} from '../../../src/remediation/world.ts';
import { anInspectReport } from './agent-jobs.ts';
import {
  aDnsPod,
  aGuardReport,
  aLoopingPod,
  aNode,
  aPendingFile,
  aProofReport,
  aRemediation,
  aRepairReport,
  aRun,
  at,
  withDrift,
} from './builders.ts';

/** How long the pod of a deleted Job takes to end. */
const JOB_REMOVAL_MS = 1_000;

/** After so many attempts with a Job that never starts the pod is gone. */
const NEVER_STARTS_FOR = 5;

/** A kubelet before 1.35 makes every probed pod unready when it is restarted. */
const UNREADY_AFTER_RESTART_MS = 8_000;

/**
 * A DNS pod on a node that was found wrong. `good`: in a sandbox from before, so that it serves. `given-the-stub`: it crashes
 * in a loop. `late-loop`: it was given the stub too, has no loop plugin, and is known not to answer.
 */
export type DriftingPod = 'good' | 'given-the-stub' | 'late-loop';
const ON_NODE_1: Readonly<Record<DriftingPod, DnsPodView>> = {
  good: aDnsPod({ name: 'coredns-good', uid: 'good', node: 'node-1' }),
  'given-the-stub': aLoopingPod({ uid: 'given-the-stub' }),
  'late-loop': aDnsPod({ name: 'coredns-late', uid: 'late-loop', node: 'node-1', answers: false }),
};

/** As many repairs of the node within a day as a policy allows by default. */
const REPAIRED_BEFORE: readonly Remediation[] = ['first', 'second'].map((name) =>
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

interface Tally {
  quarantines: number;
  jobs: number;
  restarts: number;
  releases: number;
  /** Jobs that were started while the one before was not gone yet. */
  jobsBesideAnother: number;
  /** Reconciles that waited for the next attempt while the node was held. */
  heldWhileWaiting: number;
}

/** The node as the decision sees it, with what only the tests check. */
type SimulatedNode = NodeView & { readonly hasOurTaint: boolean };

export class SimulatedCluster {
  now = at(2);
  status: RemediationStatus;
  node: SimulatedNode;
  job: AgentRun | null = null;
  inspection: AgentRun | null = null;
  proof: AgentRun | null = null;
  pods: DnsPodView[];
  /** By uid. */
  readonly deletedPods: string[] = [];
  acknowledged = false;
  observedSince = at(0);
  readonly tally: Tally = {
    quarantines: 0,
    jobs: 0,
    restarts: 0,
    releases: 0,
    jobsBesideAnother: 0,
    heldWhileWaiting: 0,
  };
  readonly #script: Script;
  readonly #remediation: Remediation;
  #writes = 0;
  #proofs = 0;
  #steps = 0;
  #jobStartedAt = 0;
  #jobGoneAt = 0;
  #agentEndedAt = 0;
  #repaired = false;
  #restartedAt = Number.NEGATIVE_INFINITY;
  #mayWriteElsewhere = false;

  constructor(script: Script) {
    this.#script = script;
    const crash = aRemediation({ settings: { quarantine: { strategy: script.strategy } } });
    this.#remediation = script.drift ? withDrift(crash, script.inFile ? aPendingFile() : {}) : crash;
    this.pods = [...(script.drift?.map((pod) => ON_NODE_1[pod]) ?? [aLoopingPod()]), aDnsPod()];
    this.status = this.#remediation.status;
    this.node = { ...aNode(), unschedulable: script.cordonedBefore, hasOurTaint: false };
  }

  situation(): Situation {
    const remediation = { ...this.#remediation, status: this.status, acknowledged: this.acknowledged };
    return {
      policy: { mode: 'Repair' },
      remediation,
      now: this.now,
      observedSince: this.observedSince,
      world: {
        node: this.node,
        repairJob: this.job,
        inspection: this.inspection,
        proofPod: this.proof,
        otherNodeTakesPods: true,
        dnsPods: this.pods.map((pod) => this.#asItIsNow(pod)),
        remediations: [...(this.#script.repairedOften ? REPAIRED_BEFORE : []), remediation],
      },
    };
  }

  /** One reconcile. Returns the verdict of the plan. */
  step(): Verdict {
    this.#steps += 1;
    if (this.#script.away?.step === this.#steps) this.#away(this.#script.away.who);
    // Otherwise it would be tried for ever.
    if (this.#script.agent === 'never-starts' && this.status.attempts.length > NEVER_STARTS_FOR)
      this.#recover();
    const verdict = plan(this.situation());
    switch (verdict.kind) {
      case 'pass':
        return verdict;
      case 'act': {
        const result = this.#carryOut(verdict.effect);
        this.#record(afterEffect(this.status, result, this.now));
        break;
      }
      case 'record':
        this.#record(afterFinding(this.status, verdict.finding, this.now));
        break;
      case 'wait':
        this.#record(whileWaiting(this.status, verdict.reason, verdict.message, this.now));
        this.now += Math.max(
          100,
          verdict.reason === 'AwaitingRetry' ? verdict.recheckMs : Math.min(verdict.recheckMs, 5_000),
        );
        if (verdict.reason === 'AwaitingRetry' && this.node.quarantine) this.tally.heldWhileWaiting += 1;
        break;
      case 'end':
        this.#record(afterEnd(this.status, verdict.ending, this.#remediation.spec, this.now));
        break;
      default:
        assertNever(verdict);
    }
    this.now += 20;
    this.#moveAgent();
    return verdict;
  }

  /** Without a repair: the pod that looped is gone, or a check has found the node well. */
  #recover(): void {
    const { drift, inFile } = this.#script;
    if (drift && inFile) this.node = { ...this.node, checks: bothRight(this.now) };
    else if (drift) this.node = { ...this.node, checks: aCheckRecord(this.now) };
    else this.pods = this.pods.filter((pod) => pod.node !== this.node.name);
  }

  /** The node goes on while the operator is away; without the API server it cannot report, and learns of nothing new. */
  #away(who: 'operator' | 'api-server'): void {
    this.now += 600_000;
    this.observedSince = this.now;
    if (who === 'api-server') return;
    // From starting to running, and to the end.
    this.#moveAgent();
    this.#moveAgent();
  }

  #record(status: RemediationStatus): void {
    this.#writes += 1;
    if (!this.#script.lostAfter.has(this.#writes)) this.status = status;
  }

  #carryOut(effect: Effect): EffectResult {
    switch (effect.kind) {
      case 'quarantine':
        return { kind: 'quarantined', record: this.#quarantine() };
      case 'start-repair':
        if (this.job?.deleting) this.tally.jobsBesideAnother += 1;
        if (!this.job) {
          this.tally.jobs += 1;
          this.job = aRun({ uid: `job-${this.tally.jobs}`, state: 'starting', createdAt: this.now });
          this.#jobStartedAt = this.now;
          this.#mayWriteElsewhere = this.status.repairDirectory === '/etc/default';
        }
        return { kind: 'repair-started', before: null };
      case 'start-inspection':
        this.inspection ??= aRun({ state: 'starting', createdAt: this.now });
        return { kind: 'done', effect };
      case 'take-back-repair':
        // In the foreground: it exists until its pod is gone.
        if (this.job && !this.job.deleting) {
          this.job = { ...this.job, deleting: true };
          this.#jobGoneAt = this.now + JOB_REMOVAL_MS;
        }
        return { kind: 'done', effect };
      case 'start-proof':
        this.#proofs += this.proof ? 0 : 1;
        this.proof ??= aRun({ state: 'starting', createdAt: this.now });
        return { kind: 'done', effect };
      case 'stand-back':
        this.job = null;
        this.#release();
        return { kind: 'done', effect };
      case 'release':
        this.#release();
        return { kind: 'done', effect };
      case 'recreate':
        this.#recreate(effect.pods.map((pod) => pod.uid));
        return { kind: 'done', effect };
      case 'probe': {
        const ok = this.#script.dnsWorks;
        return {
          kind: 'probed',
          pod: effect.pod,
          answers: [{ protocol: 'udp', name: 'example.com', result: ok ? 'NOERROR' : 'SERVFAIL', ok, ms: 1 }],
        };
      }
      case 'survey':
        return { kind: 'surveyed', otherPods: { total: 0, pods: [], message: 'None.' } };
      case 'remove-proof-pod':
        this.proof = null;
        return { kind: 'done', effect };
      default:
        return assertNever(effect);
    }
  }

  #quarantine(): QuarantineRecord {
    if (this.node.quarantine) return this.node.quarantine;
    const { strategy } = this.#script;
    const record: QuarantineRecord = {
      remediation: this.#remediation.name,
      strategy,
      wasUnschedulable: this.node.unschedulable,
      since: new Date(this.now).toISOString(),
    };
    this.node = {
      ...this.node,
      quarantine: record,
      unschedulable: this.node.unschedulable || strategy === 'Cordon',
      hasOurTaint: strategy === 'Taint',
    };
    this.tally.quarantines += 1;
    return record;
  }

  #release(): void {
    const record = this.node.quarantine;
    if (!record) return;
    const unschedulable = record.strategy === 'Cordon' ? record.wasUnschedulable : this.node.unschedulable;
    this.node = { ...this.node, quarantine: null, hasOurTaint: false, unschedulable };
    this.tally.releases += 1;
  }

  #recreate(uids: readonly string[]): void {
    this.deletedPods.push(...uids);
    const doomed = this.pods.filter((pod) => uids.includes(pod.uid));
    this.pods = this.pods.filter((pod) => !uids.includes(pod.uid));
    for (const pod of doomed)
      this.pods.push(
        aDnsPod({
          name: `${pod.name}-new`,
          uid: `${pod.uid}-new`,
          node: 'node-1',
          createdAt: this.now,
          startedAt: this.now + 1_000,
          runningSince: this.now + (this.#script.replacementMs ?? 1_000),
        }),
      );
  }

  #asItIsNow(pod: DnsPodView): DnsPodView {
    const isUnready =
      pod.node === this.node.name &&
      pod.createdAt < this.#restartedAt &&
      this.now < this.#restartedAt + UNREADY_AFTER_RESTART_MS;
    if (isUnready) return { ...pod, ready: false };
    const isStarting = pod.runningSince !== null && pod.runningSince > this.now;
    return isStarting ? { ...pod, ip: null, containerID: null, ready: false, runningSince: null } : pod;
  }

  get #isOfFile(): boolean {
    return this.#script.drift != null && this.#script.inFile === true;
  }

  /** How the current Job ends. */
  get #agent(): Script['agent'] | Passing {
    return this.#script.passing?.[this.tally.jobs - 1] ?? this.#script.agent;
  }

  #moveAgent(): void {
    if (this.job?.deleting) {
      if (this.now >= this.#jobGoneAt) this.job = null;
    } else if (
      this.job?.state === 'starting' &&
      this.#agent !== 'never-starts' &&
      this.now - this.#jobStartedAt > 500
    )
      this.job = {
        ...this.job,
        state: 'running',
        guard: this.#script.guard === 'none' || this.#isOfFile ? null : { state: 'running', message: null },
      };
    else if (this.job?.state === 'running' && this.#agent !== 'silent') {
      this.#endAgent();
      this.#agentEndedAt = this.now;
    }
    this.#moveGuard();
    this.#moveProof();
    this.#moveInspection();
  }

  #moveInspection(): void {
    const { repairedOften } = this.#script;
    if (!this.inspection || repairedOften === 'no-start') return;
    const message = repairedOften === 'report' ? JSON.stringify(anInspectReport()) : '';
    this.inspection = { ...this.inspection, state: 'ended', message };
  }

  #moveProof(): void {
    const { proof } = this.#script;
    if (!this.proof || proof === 'silent') return;
    const outcome = proof === 'killed-once' ? 'usable' : proof;
    const isKilled = proof === 'killed-once' && this.#proofs === 1;
    const message = isKilled ? '' : JSON.stringify(aProofReport({ outcome }));
    this.proof = { ...this.proof, state: 'ended', message };
  }

  /** It watches for ten seconds what the agent has changed, and ends at once where that is nothing. */
  #moveGuard(): void {
    const { guard } = this.#script;
    if (this.job?.state !== 'ended' || this.job.guard?.state !== 'running' || guard === 'none') return;
    const isWatching = this.job.message?.includes('"watched":false') === true;
    if (isWatching && (guard === 'endless' || this.now - this.#agentEndedAt < 10_000)) return;
    const outcome = !isWatching ? 'nothing-to-guard' : guard;
    const message =
      outcome === 'dies' || outcome === 'endless'
        ? ''
        : JSON.stringify(
            aGuardReport({
              outcome,
              reason: 'AsScripted',
              nodeUnchanged: outcome === 'rolled-back',
              kubelet: { pidBefore: 1, pidAfter: 3, restarts: 2, active: outcome !== 'failed' },
            }),
          );
    this.job = { ...this.job, guard: { state: 'ended', message } };
  }

  #endAgent(): void {
    const agent = this.#agent;
    if (!this.job) return;
    const dies =
      agent === 'dies-always' ||
      (agent === 'dies-once' && this.tally.jobs === 1 + (this.#script.passing?.length ?? 0));
    if (dies) {
      this.job = { ...this.job, state: 'ended', message: '' };
      return;
    }
    if (agent === 'elsewhere' && !this.#mayWriteElsewhere) {
      const report = aRepairReport({
        outcome: 'refused',
        reason: 'DirectoryNotMounted',
        nodeUnchanged: true,
        needs: '/etc/default',
      });
      this.job = { ...this.job, state: 'ended', message: JSON.stringify(report) };
      return;
    }
    if (agent === 'target-silent' || agent === 'interrupted') {
      const report = aRepairReport({
        ...(agent === 'interrupted'
          ? { outcome: 'failed', reason: 'Interrupted' }
          : { outcome: 'refused', reason: 'TargetSilent' }),
        nodeUnchanged: true,
      });
      this.job = { ...this.job, state: 'ended', message: JSON.stringify(report) };
      return;
    }
    const down = agent === 'failed-kubelet-down';
    const outcome = down
      ? 'failed'
      : agent === 'dies-once' || agent === 'elsewhere'
        ? 'repaired'
        : (agent as RepairReport['outcome']);
    if (this.#isOfFile && outcome === 'repaired') {
      const message = JSON.stringify(aCorrection());
      this.job = { ...this.job, state: 'ended', message };
      return;
    }
    if (outcome === 'repaired' && !this.#repaired) {
      this.#repaired = true;
      this.tally.restarts += 1;
      this.#restartedAt = this.now;
    }
    const seen = new Date(this.now).toISOString();
    const report = aRepairReport({
      outcome,
      reason: outcome === 'refused' ? 'TargetLoops' : 'AsScripted',
      nodeUnchanged: outcome !== 'repaired' && !down,
      kubelet: { pidBefore: 1, pidAfter: 2, restarts: 1, active: !down },
      ...(outcome === 'repaired' ? { watched: this.#script.guard === 'none' } : {}),
      times: { written: seen, restarted: seen },
    });
    this.job = { ...this.job, state: 'ended', message: JSON.stringify(report) };
  }
}

/** A check found the node well. */
function aCheckRecord(now: number): NodeCheckRecord {
  const time = new Date(now).toISOString();
  return {
    version: 1,
    found: { verdict: 'proven', class: 'ok', nameservers: ['192.0.2.53'], at: time },
    failures: 0,
    condition: { reason: 'Proven', message: '', since: time, writtenAt: time },
  };
}

/** An inspection found the file right. */
function bothRight(now: number): NodeCheckRecord {
  const record = aCheckRecord(now);
  const at = new Date(now).toISOString();
  return { ...record, files: { verdict: 'both-right', at, nonce: 'nonce-1', message: 'Both are right.' } };
}

const aCorrection = (): RepairReport =>
  aRepairReport({
    outcome: 'corrected',
    reason: 'FileCorrected',
    kubelet: { pidBefore: 10, pidAfter: 10, restarts: 0, active: true },
    compared: {
      running: 'right',
      inFile: 'right',
      given: { path: '/etc/resolv.conf', class: 'ok', nameservers: ['192.0.2.1'] },
      changed: [],
    },
  });
