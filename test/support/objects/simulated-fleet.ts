/** Many nodes with a crash or a drift each, under two policies: who begins, who waits and why. A repair takes a fixed time and heals. */
import { DRIFT_PLACES, type DriftPlace } from '../../../src/api/drift.ts';
import type { RemediationStatus } from '../../../src/api/remediation.ts';
import { plan } from '../../../src/remediation/plan.ts';
import { afterEffect, afterEnd, afterFinding, whileWaiting } from '../../../src/remediation/record/status.ts';
import type { Effect, EffectResult, Verdict } from '../../../src/remediation/verdict.ts';
import { NO_SLOT } from '../../../src/remediation/waits.ts';
import type { DnsPodView, Remediation, Situation } from '../../../src/remediation/world.ts';
import {
  aDnsPod,
  aLoopingPod,
  aNode,
  aPolicySpec,
  aRemediation,
  aRepairReport,
  aRun,
  at,
  isoAt,
  onControlPlane,
  sha256,
  withDrift,
  withSighting,
} from './builders.ts';

/** Ticks for which something lasts; 0 if it does not happen. */
type Lasts = number;

export interface FleetNode {
  readonly policy: 0 | 1;
  /** The place of a node that was found wrong; null: a DNS pod of it crashes. */
  readonly drift: DriftPlace | null;
  /** Tick in which a DNS pod of a node that was found wrong begins to crash; null: never. */
  readonly crashesIn: number | null;
  readonly controlPlane: boolean;
  readonly notReady: Lasts;
  readonly unreadableMark: Lasts;
  /** DNS pods that serve there, of a crash beside the looping one, and for how long. */
  readonly servers: number;
  readonly serve: Lasts;
  /** When its incident was claimed, in seconds. */
  readonly claimed: number;
}

export interface FleetScript {
  readonly nodes: readonly FleetNode[];
  /** Of each policy, as the three below. */
  readonly maxConcurrent: readonly [number, number];
  readonly canaryHealed: readonly [boolean, boolean];
  readonly halted: readonly [Lasts, Lasts];
  /** Until a DNS pod serves on a node without an incident. */
  readonly noServerElsewhere: Lasts;
  /** Ticks from a Job to its first container, and from that to the end of the repair. */
  readonly jobStarts: Lasts;
  readonly repairTakes: Lasts;
  /** By how many writes the cache is behind, and in which order the incidents are read: one value for each read. */
  readonly lags: readonly number[];
  readonly order: readonly number[];
}

interface Incident {
  readonly node: string;
  readonly script: FleetNode;
  readonly remediation: Remediation;
  /** All of its statuses, oldest first: a cache shows one of the last. */
  readonly history: RemediationStatus[];
  held: boolean;
  jobSince: number | null;
  restartedAt: number | null;
  healed: boolean;
}

const TICK_MS = 5_000;
const POLICIES = [0, 1] as const;

export class SimulatedFleet {
  tick = 0;
  readonly incidents: readonly Incident[];
  readonly #script: FleetScript;
  readonly #before: readonly (readonly [0 | 1, Remediation])[];
  #reads = 0;

  constructor(script: FleetScript) {
    this.#script = script;
    this.#before = this.#recordsBefore(script);
    this.incidents = script.nodes.map((node, index) => ({
      node: `node-${index}`,
      script: node,
      remediation: this.#incidentOf(`node-${index}`, node),
      history: [aRemediation().status],
      held: false,
      jobSince: null,
      restartedAt: null,
      healed: false,
    }));
  }

  get isOver(): boolean {
    return this.incidents.every(({ healed }) => healed);
  }

  get waiting(): readonly Incident[] {
    return this.incidents.filter(({ history }) => history.at(-1)?.phase === 'Pending');
  }

  /** Five seconds: every incident is read until nothing happens any more, with a stale cache and then with a fresh one. */
  round(): void {
    for (const incident of this.#shuffled()) this.#read(incident, this.#next(this.#script.lags));
    for (let busy = true; busy; )
      busy = this.#shuffled().reduce((any, incident) => this.#read(incident, 0) || any, false);
  }

  /** What happens by itself before the next round: Jobs run, repairs end. */
  pass(): void {
    for (const incident of this.incidents) {
      const { jobSince, restartedAt } = incident;
      if (restartedAt !== null && this.tick >= restartedAt + this.#script.repairTakes) this.#heal(incident);
      else if (restartedAt === null && jobSince !== null && this.tick >= jobSince + this.#script.jobStarts)
        this.#restartKubelet(incident);
    }
    this.tick += 1;
  }

  /** Whether this incident could begin now, by what is true and not by what is recorded. */
  couldBegin({ node, script }: Incident): boolean {
    const { policy, notReady, unreadableMark, controlPlane } = script;
    if (controlPlane && this.#underRepair.some((other) => other.script.controlPlane)) return false;
    if (this.#lasts(this.#script.halted[policy]) || this.#lasts(notReady) || this.#lasts(unreadableMark))
      return false;
    if (this.#underRepair.length >= this.#slots(policy)) return false;
    const busy = this.#underRepair.map((other) => other.node);
    const serving = this.#pods(policy).filter(({ ready }) => ready);
    return (
      serving.every((pod) => pod.node !== node) ||
      serving.some((pod) => pod.node !== node && !busy.includes(pod.node))
    );
  }

  get #underRepair(): readonly Incident[] {
    return this.incidents.filter(({ history, healed }) => !healed && history.at(-1)?.phase !== 'Pending');
  }

  #lasts(ticks: Lasts): boolean {
    return this.tick < ticks;
  }

  #slots(policy: 0 | 1): number {
    const healed = this.incidents.some((other) => other.healed && other.script.policy === policy);
    return healed || this.#script.canaryHealed[policy] ? this.#script.maxConcurrent[policy] : 1;
  }

  #next(values: readonly number[]): number {
    this.#reads += 1;
    return values[this.#reads % values.length] ?? 0;
  }

  #shuffled(): readonly Incident[] {
    return this.incidents
      .filter(({ healed }) => !healed)
      .map((incident) => ({ incident, key: this.#next(this.#script.order) }))
      .toSorted((a, b) => a.key - b.key)
      .map(({ incident }) => incident);
  }

  /** One reconcile. Returns whether something happened. */
  #read(incident: Incident, lag: number): boolean {
    let verdict = plan(this.#situation(incident, lag));
    // As the controller does: a slot is taken only by the records that the API server has.
    if (verdict.kind === 'record' && verdict.finding.kind === 'admitted')
      verdict = plan(this.#situation(incident, 0));
    const { history } = incident;
    const before = history.at(-1) ?? incident.remediation.status;
    const isAdmitted = verdict.kind === 'record' && verdict.finding.kind === 'admitted';
    if (isAdmitted) this.#checkOrder(incident);
    const after = this.#afterwards(incident, before, verdict);
    if (after === before) return false;
    history.push(after);
    if (isAdmitted) this.#checkSlots(incident);
    return true;
  }

  #afterwards(incident: Incident, status: RemediationStatus, verdict: Verdict): RemediationStatus {
    switch (verdict.kind) {
      case 'wait':
        return whileWaiting(status, verdict.reason, verdict.message, this.#now);
      case 'record':
        return afterFinding(status, verdict.finding, this.#now);
      case 'act':
        return afterEffect(status, this.#carryOut(incident, verdict.effect), this.#now);
      default:
        throw new Error(`${incident.node} ended: ${JSON.stringify(verdict)}`);
    }
  }

  #carryOut(incident: Incident, effect: Effect): EffectResult {
    switch (effect.kind) {
      case 'quarantine':
        incident.held = true;
        return { kind: 'quarantined', record: this.#mark(incident) };
      case 'start-repair':
        incident.jobSince ??= this.tick;
        return { kind: 'repair-started', before: null };
      case 'take-back-repair':
        incident.jobSince = null;
        return { kind: 'done', effect };
      case 'stand-back':
        incident.held = false;
        return { kind: 'done', effect };
      default:
        throw new Error(`${incident.node} did ${effect.kind}`);
    }
  }

  #checkSlots({ node, script }: Incident): void {
    const slots = this.#slots(script.policy);
    if (this.#underRepair.length > slots)
      throw new Error(`${node} is number ${this.#underRepair.length} under repair of ${slots}`);
    if (this.#underRepair.filter((one) => one.script.controlPlane).length > 1)
      throw new Error(`${node} is the second control-plane node under repair`);
  }

  /**
   * The slots go to those in line that are more urgent, by their records: one that waits for another reason is not in line,
   * and one whose DNS pod has begun to crash since it was read last is not known to be more urgent yet.
   */
  #checkOrder(incident: Incident): void {
    const { node, script } = incident;
    const { policy, drift } = script;
    const rank = (one: Incident) =>
      one.script.drift === null || one.history.at(-1)?.failingPod !== undefined
        ? -1
        : DRIFT_PLACES.indexOf(one.script.drift);
    const ahead = this.waiting.filter(
      (other) =>
        other.script.policy === policy &&
        rank(other) < rank(incident) &&
        other.history.at(-1)?.reason === NO_SLOT &&
        this.couldBegin(other),
    );
    if (this.#underRepair.length + ahead.length >= this.#slots(policy))
      throw new Error(
        `${node} (${drift ?? 'crash'}) begins before ${ahead.map((one) => one.node).join(', ')}`,
      );
  }

  #restartKubelet(incident: Incident): void {
    const before = this.#serving(incident.script.policy);
    incident.restartedAt = this.tick;
    if (before > 0 && this.#serving(incident.script.policy) === 0)
      throw new Error(`${incident.node} takes down the last serving DNS pod`);
  }

  /** Number of DNS pods that serve, without those on nodes whose kubelet is being restarted. */
  #serving(policy: 0 | 1): number {
    const down = this.incidents.filter(({ restartedAt, healed }) => restartedAt !== null && !healed);
    return this.#pods(policy).filter(({ ready, node }) => ready && !down.some((one) => one.node === node))
      .length;
  }

  #heal(incident: Incident): void {
    const { history, remediation } = incident;
    incident.healed = true;
    incident.held = false;
    const { quarantine, ...status } = history.at(-1) ?? remediation.status;
    const { strategy = 'Taint', nodeWasUnschedulable = false } = quarantine ?? {};
    const repaired = { ...status, quarantine: { strategy, nodeWasUnschedulable }, repair: aRepairReport() };
    const ending = { phase: 'Healed', reason: 'Verified', message: 'It answers.', hold: false } as const;
    history.push(afterEnd(repaired, ending, remediation.spec, this.#now));
  }

  #situation(incident: Incident, lag: number): Situation {
    const { script, node, jobSince, restartedAt, held } = incident;
    const seen = (other: Incident): Remediation => ({
      ...other.remediation,
      status:
        other.history.at(Math.max(-1 - (other === incident ? 0 : lag), -other.history.length)) ??
        other.remediation.status,
    });
    const before = this.#before.map(([policy, one]) => ({
      ...one,
      acknowledged: !this.#lasts(this.#script.halted[policy]),
    }));
    const state = restartedAt === null ? 'starting' : 'running';
    return {
      // When the next one may begin is here a matter of others, not of time.
      policy: aPolicySpec({ canary: { watchSeconds: 0 } }),
      remediation: seen(incident),
      now: this.#now,
      observedSince: at(0),
      digest: sha256,
      world: {
        node: aNode({
          name: node,
          ready: !this.#lasts(script.notReady),
          hasUnreadableRecord: this.#lasts(script.unreadableMark),
          quarantine: held ? this.#mark(incident) : null,
        }),
        repairJob: jobSince === null ? null : aRun({ uid: `job-${jobSince}`, state, createdAt: this.#now }),
        inspection: null,
        proofPod: null,
        dnsPods: this.#pods(script.policy),
        olderPolicy: null,
        otherNodeTakesPods: true,
        kubeletStartedAt: null,
        agentImage: 'dnshealth-operator:0.1.0',
        remediations: [...this.incidents.map(seen), ...before],
        slots: Object.fromEntries(
          POLICIES.map((policy) => [`coredns-${policy}`, this.#script.maxConcurrent[policy]]),
        ),
        pauseOfAll: null,
      },
    };
  }

  /** The records of incidents that are over: what halts a rollout, and what shows that it works. */
  #recordsBefore({ canaryHealed }: FleetScript): readonly (readonly [0 | 1, Remediation])[] {
    const failed = { phase: 'RolledBack', finishedAt: isoAt(-120) } as const;
    const healed = { phase: 'Healed', finishedAt: isoAt(-60), repair: aRepairReport() } as const;
    return POLICIES.flatMap((policy) => [
      [policy, this.#remediation(`failed-${policy}`, policy, { status: failed })] as const,
      ...(canaryHealed[policy]
        ? [[policy, this.#remediation(`healed-${policy}`, policy, { status: healed })] as const]
        : []),
    ]);
  }

  #incidentOf(node: string, { policy, drift, controlPlane, claimed }: FleetNode): Remediation {
    const crash = this.#remediation(node, policy, { createdAt: at(claimed) });
    const one = drift === null ? crash : withDrift(crash, { place: drift });
    return controlPlane ? onControlPlane(one) : one;
  }

  #remediation(node: string, policy: 0 | 1, overrides: Parameters<typeof aRemediation>[0]): Remediation {
    const limits = { maxConcurrent: this.#script.maxConcurrent[policy] };
    const name = `coredns-${policy}`;
    const one = aRemediation({ node, settings: { workload: { name }, limits }, ...overrides });
    const { spec, ...rest } = withSighting(one, { pod: sickOn(node) });
    return { ...rest, spec: { ...spec, policy: { name, uid: name } } };
  }

  #pods(policy: 0 | 1): readonly DnsPodView[] {
    const pods = this.incidents
      .filter(({ script }) => script.policy === policy)
      .flatMap((incident) => {
        const { node, script, healed } = incident;
        return [
          ...(script.drift === null || this.#crashes(incident) ? [this.#crashing(node, healed)] : []),
          ...Array.from({ length: script.servers }, (_none, index) =>
            aDnsPod({ uid: `${node}-${index}`, node, ready: this.#lasts(script.serve) }),
          ),
        ];
      });
    return this.#lasts(this.#script.noServerElsewhere)
      ? pods
      : [...pods, aDnsPod({ uid: 'elsewhere', node: 'node-well' })];
  }

  /** A DNS pod of a node that was found wrong; of another one it did from the beginning. */
  #crashes({ script: { drift, crashesIn } }: Incident): boolean {
    return drift !== null && crashesIn !== null && this.tick >= crashesIn;
  }

  #crashing(node: string, healed: boolean): DnsPodView {
    return healed ? aDnsPod({ ...sickOn(node), node }) : aLoopingPod({ ...sickOn(node), node });
  }

  #mark({ remediation }: Incident) {
    const { name } = remediation;
    return { remediation: name, strategy: 'Taint', wasUnschedulable: false, since: isoAt(0) } as const;
  }

  get #now(): number {
    return at(60) + this.tick * TICK_MS;
  }
}

const sickOn = (node: string) => ({ name: `sick-on-${node}`, uid: `sick-on-${node}` });
