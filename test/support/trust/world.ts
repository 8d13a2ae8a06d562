/** A random cluster in memory: incidents of several nodes under two policies, decided by `plan`, with people in between. */
import { createHash } from 'node:crypto';
import { assertNever } from '../../../src/api/assert-never.ts';
import { type PolicySpec, policySpecSchema } from '../../../src/api/policy.ts';
import { FINAL_PHASES, type Phase } from '../../../src/api/remediation.ts';
import { quarantineNode } from '../../../src/effects/quarantine.ts';
import { releaseNode, releaseOrphan } from '../../../src/effects/release.ts';
import { isConflict } from '../../../src/kube/errors.ts';
import { conclude, findingsAfter, onlyAsks } from '../../../src/remediation/conclude.ts';
import { CATCH_UP_MS } from '../../../src/remediation/deadlines.ts';
import { hasNotBegun } from '../../../src/remediation/facts.ts';
import { judgeMark } from '../../../src/remediation/housekeeping/orphan.ts';
import { plan } from '../../../src/remediation/plan.ts';
import { afterEffect } from '../../../src/remediation/record/status.ts';
import { slotsOf } from '../../../src/remediation/rollout/slots.ts';
import type { Effect, EffectResult, Verdict } from '../../../src/remediation/verdict.ts';
import type { DnsPodView, Situation } from '../../../src/remediation/world.ts';
import { aRemediation, aSituation, at, onControlPlane, withSighting } from '../objects/builders.ts';
import { dnsPodsOf, sickOn } from './dns-pods.ts';
import { Incident } from './incident.ts';
import { NodeApi } from './node-api.ts';
import { specOf } from './policy-spec.ts';
import {
  type NodeScript,
  POLICIES,
  type PolicyIndex,
  type PolicyScript,
  type TrustScript,
} from './script.ts';

const NEVER = new AbortController().signal;
export const AGENT_IMAGE = 'agent:1';

export interface Policy {
  readonly script: PolicyScript;
  readonly spec: PolicySpec;
}

export interface TrustNode {
  readonly name: string;
  readonly script: NodeScript;
  /** A DNS pod of it loops. */
  isSick: boolean;
  /** Which one: each crash after a recovery is that of another pod. */
  pod: number;
  /** What people did and have not taken back. */
  cordoned: boolean;
  tainted: boolean;
  repairs: number;
  /** Which version of its file it has. */
  file: number;
}

/** What the invariants are told. */
export interface Watcher {
  /** After the records were read again, and before anything is done about it. */
  begins(incident: Incident): void;
  /** The first container of a repair Job runs: from now on the kubelet may be restarted. */
  restarts(incident: Incident): void;
  /** Everything that the operator could do now is done. */
  settled(): void;
}

export class TrustWorld {
  now = at(60);
  states = 0;
  readonly nodes: readonly TrustNode[];
  readonly api: NodeApi;
  incidents: Incident[] = [];
  policies: readonly [Policy, Policy];
  pauseOfAll: { readonly reason: string; readonly by: string } | null = null;
  /** A DNS pod of each policy serves on a node without incidents. */
  servesElsewhere = true;
  elsewhereSince = at(-3600);
  /** For how long the operator did not work, and by how much its clock was put back: nothing can be held against it. */
  graceMs = 0;
  watcher: Watcher | null = null;
  readonly #script: TrustScript;
  #observedSince = at(0);
  #writes = 0;
  #effects = 0;
  readonly #read = new Map<readonly unknown[], number>();
  #claims = 0;

  constructor(script: TrustScript) {
    this.#script = script;
    this.api = new NodeApi(() => script.conflicts[this.#writes++] ?? false);
    this.policies = [policyOf(script.policies[0], 0), policyOf(script.policies[1], 1)];
    this.nodes = script.nodes.map((one, index) => ({
      name: `node-${index}`,
      script: one,
      isSick: false,
      pod: 0,
      cordoned: false,
      tainted: false,
      repairs: 0,
      file: 0,
    }));
    for (const { name, script: one } of this.nodes) this.api.create(name, one.controlPlane);
  }

  get open(): readonly Incident[] {
    return this.incidents.filter(({ status }) => !FINAL_PHASES.includes(status.phase));
  }

  /** Something goes on that needs seconds, not hours. */
  get isBusy(): boolean {
    return this.incidents.some(
      (one) =>
        !one.isClosed &&
        (!hasNotBegun(one) || one.inspection?.state === 'starting' || one.status.quarantine?.heldSince),
    );
  }

  setPolicy(index: PolicyIndex, script: PolicyScript): void {
    const { pause } = this.policies[index].spec;
    const next = policyOf(script, index);
    this.#replace(index, { ...next, spec: { ...next.spec, pause } });
  }

  setPause(index: PolicyIndex, pause: PolicySpec['pause']): void {
    const policy = this.policies[index];
    this.#replace(index, { ...policy, spec: { ...policy.spec, pause } });
  }

  /** A DNS pod of a node crashes in a loop, and is claimed if nothing speaks against it. */
  crash(node: TrustNode): void {
    const policy = this.policies[node.script.policy];
    if (!node.isSick) {
      node.isSick = true;
      node.pod += 1;
      for (const one of this.incidents) if (one.node === node) one.replacedAt = null;
    }
    if (policy.spec.mode === 'Observe' || this.api.view(node.name).excluded) return;
    // Whoever was refused or failed is not claimed again before a person has dealt with that.
    const last = this.incidents.findLast((one) => one.node === node);
    if (last && !last.acknowledged && !CLAIMED_AGAIN_AFTER.includes(last.status.phase)) return;
    this.#claims += 1;
    const name = `${node.name}-${this.#claims}`;
    const claimed = aRemediation({
      name,
      uid: name,
      node: node.name,
      createdAt: this.now,
      settings: { ...policy.spec, pause: [] },
    });
    const sighted = withSighting(claimed, {
      pod: sickOn(node),
      diedAt: new Date(this.now).toISOString(),
      seenAt: new Date(this.now).toISOString(),
    });
    const { spec } = node.script.controlPlane ? onControlPlane(sighted) : sighted;
    const uid = `policy-${node.script.policy}`;
    this.incidents.push(
      new Incident(
        { ...sighted, spec: { ...spec, policy: { name: uid, uid } } },
        node,
        policy.spec.quarantine.strategy,
      ),
    );
  }

  /** The pod that looped is gone. */
  recover(node: TrustNode): void {
    node.isSick = false;
  }

  /** Its Job is deleted with it, and the node released by whoever looks after what is left. */
  async deleteRecord(incident: Incident): Promise<void> {
    this.incidents = this.incidents.filter((one) => one !== incident);
    await this.#releaseOrphan(incident.node);
  }

  setServesElsewhere(serves: boolean): void {
    this.servesElsewhere = serves;
    this.elsewhereSince = this.now;
  }

  /** Another one leads: what it does not see in the cluster it does not know. */
  operatorStartsAgain(): void {
    this.graceMs += CATCH_UP_MS;
    this.#observedSince = this.now;
  }

  /** Until nobody has anything to do: with caches that lag, and then with fresh ones. */
  async settle(): Promise<void> {
    for (const incident of this.#shuffled()) await this.#reconcile(incident, this.#next(this.#script.lags));
    for (let busy = true, rounds = 0; busy; rounds += 1) {
      busy = false;
      if (rounds > 200) throw new Error('the operator never rests');
      for (const incident of this.#shuffled()) busy = (await this.#reconcile(incident, 0)) || busy;
    }
    this.watcher?.settled();
  }

  /** What happens by itself in a while: Jobs run, pods come back. */
  pass(ms: number): void {
    this.now += ms;
    for (const incident of this.incidents) {
      const before = incident.job.run?.state;
      incident.move(this.now);
      const runs = before === 'starting' && incident.job.run?.state === 'running';
      if (runs) this.watcher?.restarts(incident);
    }
  }

  /** How many nodes a policy lets be under repair at once. */
  slots(index: PolicyIndex): number {
    return slotsOf(this.policies[index].spec.limits.maxConcurrent, this.nodes.length);
  }

  pods(policy: PolicyIndex): readonly DnsPodView[] {
    return dnsPodsOf(this, policy);
  }

  #replace(index: PolicyIndex, policy: Policy): void {
    this.policies = index === 0 ? [policy, this.policies[1]] : [this.policies[0], policy];
  }

  /** Returns whether something was done. */
  async #reconcile(incident: Incident, lag: number): Promise<boolean> {
    if (!this.incidents.includes(incident)) return false;
    let situation = this.#situation(incident, lag);
    let verdict = this.#decide(situation);
    // As the controller does: a slot is taken only by the records that the API server has.
    if (verdict.kind === 'record' && verdict.finding.kind === 'admitted') {
      situation = this.#situation(incident, 0);
      verdict = this.#decide(situation);
      if (verdict.kind === 'record' && verdict.finding.kind === 'admitted') this.watcher?.begins(incident);
    }
    incident.verdict = verdict;
    const { status } = incident;
    switch (verdict.kind) {
      case 'pass':
        incident.isClosed = true;
        return false;
      case 'record':
      case 'wait':
      case 'end': {
        const concluded = conclude(verdict, situation);
        incident.record(concluded.status);
        const { last } = concluded;
        if (last.kind === 'end' && last.ending.phase === 'Healed') incident.node.isSick = false;
        // Those who wait behind one that waits look again: the cluster rests only once they have.
        return verdict.kind !== 'wait' || incident.status.reason !== status.reason;
      }
      case 'act': {
        const result = await this.#carryOut(incident, verdict.effect).catch((error: unknown) => {
          if (isConflict(error)) return null;
          throw error;
        });
        if (result === null) return true;
        // The operator is killed before it has recorded what it did.
        if (this.#script.lost[this.#effects++]) this.operatorStartsAgain();
        else {
          const after = afterEffect(status, result, this.now);
          incident.record(onlyAsks(verdict.effect) ? findingsAfter(after, situation) : after);
        }
        return true;
      }
      default:
        return assertNever(verdict);
    }
  }

  #decide(situation: Situation): Verdict {
    this.states += 1;
    return plan(situation);
  }

  #situation(incident: Incident, lag: number): Situation {
    const { policy } = incident.node.script;
    return aSituation({
      policy: this.policies[policy].spec,
      remediation: incident.remediation,
      now: this.now,
      observedSince: this.#observedSince,
      digest: (text) => createHash('sha256').update(text).digest('hex'),
      world: {
        node: this.api.view(incident.node.name),
        repairJob: incident.job.run,
        inspection: incident.inspection,
        proofPod: incident.proof,
        agentImage: AGENT_IMAGE,
        dnsPods: this.pods(policy),
        remediations: this.incidents.map((one) => (one === incident ? one.remediation : one.asOf(lag))),
        slots: Object.fromEntries(POLICIES.map((index) => [`policy-${index}`, this.slots(index)])),
        pauseOfAll: this.pauseOfAll,
      },
    });
  }

  async #carryOut(incident: Incident, effect: Effect): Promise<EffectResult> {
    const { kube } = this.api;
    const { node, remediation } = incident;
    const release = async () => releaseNode(kube, { node: node.name, remediation }, NEVER);
    switch (effect.kind) {
      case 'quarantine': {
        const since = new Date(this.now).toISOString();
        const { strategy } = remediation.spec.settings.quarantine;
        const request = {
          node: { name: node.name, uid: `uid-of-${node.name}` },
          remediation,
          strategy,
          since,
        };
        return { kind: 'quarantined', record: await quarantineNode(kube, request, NEVER) };
      }
      case 'release':
        await release();
        return { kind: 'done', effect };
      case 'stand-back':
        incident.job.remove();
        await release();
        return { kind: 'done', effect };
      default:
        return incident.carryOut(effect, this.now);
    }
  }

  async #releaseOrphan(node: TrustNode): Promise<void> {
    const text = this.api.markOf(node.name);
    if (text === undefined) return;
    const verdict = judgeMark({ text, holder: 'gone', firstSeen: this.now, now: this.now });
    if (verdict.kind !== 'release') return;
    try {
      await releaseOrphan(this.api.kube, { node: node.name, text }, NEVER);
    } catch (error) {
      if (!isConflict(error)) throw error;
      await this.#releaseOrphan(node);
    }
  }

  #next<T>(values: readonly T[]): T {
    const read = this.#read.get(values) ?? 0;
    this.#read.set(values, read + 1);
    return values[read % values.length] as T;
  }

  #shuffled(): readonly Incident[] {
    return this.incidents
      .filter(({ isClosed }) => !isClosed)
      .map((incident) => ({ incident, key: this.#next(this.#script.order) }))
      .toSorted((a, b) => a.key - b.key)
      .map(({ incident }) => incident);
  }
}

const CLAIMED_AGAIN_AFTER: readonly Phase[] = ['Healed', 'Cancelled', 'Expired', 'Superseded'];

const policyOf = (script: PolicyScript, index: PolicyIndex): Policy => ({
  script,
  spec: policySpecSchema.parse(specOf(script, index)),
});
