/** One incident of a random cluster: its record with all earlier states, its Job, and what people answered. */
import type { RemediationStatus } from '../../../src/api/remediation.ts';
import { hasNotBegun, isUnderRepair } from '../../../src/remediation/facts.ts';
import type { Effect, EffectResult, Verdict } from '../../../src/remediation/verdict.ts';
import type { AgentRun, Remediation } from '../../../src/remediation/world.ts';
import { anInspectReport } from '../objects/agent-jobs.ts';
import { aProofReport, aRun } from '../objects/builders.ts';
import { SimulatedJob } from '../objects/simulated-job.ts';
import type { NodeScript } from './script.ts';
import type { TrustNode } from './world.ts';

/** A repair that began: from its admission to the end of the record, or of the attempt. */
export interface Beginning {
  readonly at: number;
  /** It was given up before anything was changed: the record forgets it, and whether it counts is left open. */
  stoodBack: boolean;
}

const ENDED_WELL: NodeScript['ends'][number] = {
  agent: 'repaired',
  guard: 'kept',
  proof: 'usable',
  dnsWorks: true,
};

export class Incident {
  readonly node: TrustNode;
  readonly job: SimulatedJob;
  inspection: AgentRun | null = null;
  proof: AgentRun | null = null;
  /** When its node's DNS pod was deleted and replaced. */
  replacedAt: number | null = null;
  acknowledged = false;
  answers: Remediation['answers'] = { approved: null, rejected: null };
  /** The last answer of `plan`. */
  verdict: Verdict | null = null;
  isClosed = false;
  readonly beginnings: Beginning[] = [];
  /** Every reason for which it has waited. */
  readonly waits = new Set<string>();
  readonly #remediation: Remediation;
  readonly #end: NodeScript['ends'][number];
  /** All of its statuses, the oldest first: a cache shows one of the last. */
  readonly #history: RemediationStatus[];

  constructor(remediation: Remediation, node: TrustNode, strategy: 'Cordon' | 'Taint') {
    this.node = node;
    this.#remediation = remediation;
    this.#history = [remediation.status];
    this.#end = node.script.ends[Math.min(node.repairs, node.script.ends.length - 1)] ?? ENDED_WELL;
    node.repairs += 1;
    this.job = new SimulatedJob({ ...this.#end, strategy, cordonedBefore: false, lostAfter: new Set() });
  }

  get status(): RemediationStatus {
    return this.#history.at(-1) ?? this.#remediation.status;
  }

  get remediation(): Remediation {
    return this.asOf(0);
  }

  /** Its repair changed the node. */
  get changed(): boolean {
    return this.status.repair?.outcome === 'repaired';
  }

  /** What was done to the node worked, and a new pod there resolves names. */
  get isProven(): boolean {
    const { agent, guard, proof } = this.#end;
    return agent === 'repaired' && guard === 'kept' && proof === 'usable';
  }

  get endedAt(): number | null {
    return this.status.finishedAt === undefined ? null : Date.parse(this.status.finishedAt);
  }

  /** As a cache shows it that is so many writes behind. */
  asOf(lag: number): Remediation {
    const status = this.#history.at(Math.max(-1 - lag, -this.#history.length)) ?? this.status;
    const { acknowledged, answers } = this;
    return { ...this.#remediation, status, acknowledged, answers };
  }

  record(status: RemediationStatus): void {
    if (status.finishedAt === undefined && status.reason !== undefined) this.waits.add(status.reason);
    if (status === this.status) return;
    // Given back before anything was changed, or with the end of an attempt that changed nothing.
    const last = this.beginnings.at(-1);
    if (last && isUnderRepair(this.remediation) && hasNotBegun({ status })) last.stoodBack = true;
    this.#history.push(status);
    this.isClosed = false;
  }

  carryOut(effect: Effect, now: number): EffectResult {
    switch (effect.kind) {
      case 'start-repair':
        this.job.start(now, false);
        return { kind: 'repair-started', before: null };
      case 'take-back-repair':
        this.job.takeBack(now);
        return { kind: 'done', effect };
      case 'start-inspection':
        this.inspection ??= aRun({ uid: `inspection-${now}`, state: 'starting', createdAt: now });
        return { kind: 'done', effect };
      case 'remove-inspection':
        this.inspection = null;
        return { kind: 'done', effect };
      case 'start-proof':
        this.proof ??= aRun({ state: 'starting', createdAt: now });
        return { kind: 'done', effect };
      case 'remove-proof-pod':
        this.proof = null;
        return { kind: 'done', effect };
      case 'recreate':
        this.replacedAt = now;
        return { kind: 'done', effect };
      case 'survey':
        return { kind: 'surveyed', otherPods: { total: 0, pods: [], message: 'None.' } };
      case 'probe': {
        const ok = this.#end.dnsWorks;
        const result = ok ? 'NOERROR' : 'SERVFAIL';
        return {
          kind: 'probed',
          pod: effect.pod,
          answers: [{ protocol: 'udp', name: 'example.com', result, ok, ms: 1 }],
        };
      }
      default:
        throw new Error(`${effect.kind} is not an effect on a Job or a pod`);
    }
  }

  move(now: number): void {
    this.job.move(now);
    if (this.job.run) this.job.run = this.#signed(this.job.run);
    if (this.inspection?.state === 'starting')
      this.inspection = { ...this.inspection, state: 'ended', message: this.#inspected() };
    const { proof } = this.#end;
    if (this.proof?.state === 'starting' && proof !== 'silent')
      this.proof = {
        ...this.proof,
        state: 'ended',
        message: JSON.stringify(
          aProofReport({ nonce: this.#remediation.uid, outcome: proof === 'failed' ? 'failed' : 'usable' }),
        ),
      };
  }

  /** With the uid of this incident, as its agent signs its reports. */
  #signed(run: AgentRun): AgentRun {
    const sign = (message: string | null) =>
      message?.replace('"nonce":"uid-of-node-1-incident"', `"nonce":"${this.#remediation.uid}"`) ?? null;
    const { guard } = run;
    return { ...run, message: sign(run.message), guard: guard && { ...guard, message: sign(guard.message) } };
  }

  #inspected(): string {
    const sha256 = (text: string) => text.padEnd(64, '0');
    return JSON.stringify(
      anInspectReport({
        nonce: this.#remediation.uid,
        change: {
          path: '/etc/kubernetes/kubelet-config.yaml',
          line: 4,
          sha256Before: sha256(`before-${this.node.file}`),
          sha256After: sha256(`after-${this.node.file}`),
          owner: '0:0',
          mode: '0600',
        },
      }),
    );
  }
}
