/** A cluster of one broken and one healthy node in memory: carries out effects, advances time, and crashes on demand. */
import { assertNever } from '../../../src/api/assert-never.ts';
import type { QuarantineRecord } from '../../../src/api/quarantine-record.ts';
import type { RemediationStatus } from '../../../src/api/remediation.ts';
import { conclude, findingsAfter, onlyAsks } from '../../../src/remediation/conclude.ts';
import { plan } from '../../../src/remediation/plan.ts';
import { afterEffect } from '../../../src/remediation/record/status.ts';
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
  aLoopingPod,
  aNode,
  aPendingFile,
  aPolicySpec,
  aProofReport,
  aRemediation,
  aRun,
  at,
  sha256,
  withDrift,
} from './builders.ts';
import { SimulatedJob } from './simulated-job.ts';
import { aCheckRecord, bothRight, ON_NODE_1, REPAIRED_BEFORE, type Script } from './simulated-script.ts';

/** After so many attempts with a Job that never starts the pod is gone. */
const NEVER_STARTS_FOR = 5;

/** A kubelet before 1.35 makes every probed pod unready when it is restarted. */
const UNREADY_AFTER_RESTART_MS = 8_000;

interface Tally {
  quarantines: number;
  releases: number;
  /** Reconciles that waited for the next attempt while the node was held. */
  heldWhileWaiting: number;
}

/** The node as the decision sees it, with what only the tests check. */

export class SimulatedCluster {
  now = at(2);
  status: RemediationStatus;
  node: NodeView;
  readonly job: SimulatedJob;
  inspection: AgentRun | null = null;
  proof: AgentRun | null = null;
  pods: DnsPodView[];
  /** By uid. */
  readonly deletedPods: string[] = [];
  acknowledged = false;
  observedSince = at(0);
  readonly tally: Tally = {
    quarantines: 0,
    releases: 0,
    heldWhileWaiting: 0,
  };
  readonly #script: Script;
  readonly #remediation: Remediation;
  #writes = 0;
  #proofs = 0;
  #steps = 0;

  constructor(script: Script) {
    this.#script = script;
    this.job = new SimulatedJob(script);
    const crash = aRemediation({ settings: { quarantine: { strategy: script.strategy } } });
    this.#remediation = script.drift ? withDrift(crash, script.inFile ? aPendingFile() : {}) : crash;
    this.pods = [...(script.drift?.map((pod) => ON_NODE_1[pod]) ?? [aLoopingPod()]), aDnsPod()];
    this.status = this.#remediation.status;
    this.node = { ...aNode(), unschedulable: script.cordonedBefore, tainted: false };
  }

  situation(): Situation {
    const remediation = { ...this.#remediation, status: this.status, acknowledged: this.acknowledged };
    return {
      policy: aPolicySpec(),
      remediation,
      now: this.now,
      observedSince: this.observedSince,
      digest: sha256,
      world: {
        node: this.node,
        repairJob: this.job.run,
        inspection: this.inspection,
        proofPod: this.proof,
        olderPolicy: null,
        otherNodeTakesPods: true,
        kubeletStartedAt: null,
        agentImage: 'dnshealth-operator:0.1.0',
        dnsPods: this.pods.map((pod) => this.#asItIsNow(pod)),
        slots: {},
        pauseOfAll: null,
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
    const situation = this.situation();
    const verdict = plan(situation);
    switch (verdict.kind) {
      case 'pass':
        return verdict;
      case 'act': {
        const result = this.#carryOut(verdict.effect);
        const status = afterEffect(this.status, result, this.now);
        this.#record(onlyAsks(verdict.effect) ? findingsAfter(status, situation) : status);
        break;
      }
      case 'record':
      case 'wait':
      case 'end': {
        const { status, last } = conclude(verdict, situation);
        this.#record(status);
        if (last.kind === 'wait') this.#wait(last);
        break;
      }
      default:
        assertNever(verdict);
    }
    this.now += 20;
    this.#moveAgent();
    return verdict;
  }

  #wait({ reason, recheckMs }: Extract<Verdict, { kind: 'wait' }>): void {
    this.now += Math.max(100, reason === 'AwaitingRetry' ? recheckMs : Math.min(recheckMs, 5_000));
    if (reason === 'AwaitingRetry' && this.node.quarantine) this.tally.heldWhileWaiting += 1;
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
        this.job.start(this.now, this.status.repairDirectory === '/etc/default');
        return { kind: 'repair-started', before: null };
      case 'start-rollback':
      case 'exclude':
      case 'include':
        throw new Error('no rollback is simulated here');
      case 'start-inspection':
        this.inspection ??= aRun({ state: 'starting', createdAt: this.now });
        return { kind: 'done', effect };
      case 'take-back-repair':
        this.job.takeBack(this.now);
        return { kind: 'done', effect };
      case 'start-proof':
        this.#proofs += this.proof ? 0 : 1;
        this.proof ??= aRun({ state: 'starting', createdAt: this.now });
        return { kind: 'done', effect };
      case 'stand-back':
        this.job.remove();
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
      case 'remove-inspection':
        this.inspection = null;
        return { kind: 'done', effect };
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
      tainted: strategy === 'Taint',
    };
    this.tally.quarantines += 1;
    return record;
  }

  #release(): void {
    const record = this.node.quarantine;
    if (!record) return;
    const unschedulable = record.strategy === 'Cordon' ? record.wasUnschedulable : this.node.unschedulable;
    this.node = { ...this.node, quarantine: null, tainted: false, unschedulable };
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
      pod.createdAt < this.job.restartedAt &&
      this.now < this.job.restartedAt + UNREADY_AFTER_RESTART_MS;
    if (isUnready) return { ...pod, ready: false };
    const isStarting = pod.runningSince !== null && pod.runningSince > this.now;
    return isStarting ? { ...pod, ip: null, containerID: null, ready: false, runningSince: null } : pod;
  }

  #moveAgent(): void {
    this.job.move(this.now);
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
}
