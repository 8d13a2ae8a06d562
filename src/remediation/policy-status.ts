/** The policy's status: what `kubectl get dnshealth` shows, computed from the world each time. */
import type { Observation, PolicyStatus } from '../api/policy.ts';
import { withCondition } from './conditions.ts';
import { haltedBy, isHalting, isPartOf, type Rollout } from './rollout.ts';
import type { DnsPodView, PolicyView, Remediation } from './world.ts';

const MAX_OBSERVATIONS = 20;

export interface PolicyFacts {
  readonly policy: PolicyView & { readonly generation: number };
  readonly rollout: Rollout;
  readonly previous: PolicyStatus;
  /** Another, older policy names the same workload. */
  readonly conflictsWith: string | null;
  readonly workloadExists: boolean;
  readonly dnsPods: readonly DnsPodView[];
  readonly loopingPods: readonly string[];
  /** Names of the nodes that carry a quarantine of one of this rollout's remediations. */
  readonly quarantinedNodes: readonly string[];
  readonly remediations: readonly Remediation[];
  readonly observations: readonly Observation[];
  readonly now: number;
}

export function policyStatus(facts: PolicyFacts): PolicyStatus {
  const { policy, previous, now } = facts;
  const own = facts.remediations.filter((remediation) => isPartOf(remediation, facts.rollout));
  const healed = own.filter((remediation) => remediation.status.phase === 'Healed');
  const ready = facts.dnsPods.filter((pod) => pod.ready && !pod.deleting).length;
  const lastRepairTime = healed
    .map((remediation) => remediation.status.finishedAt ?? '')
    .toSorted()
    .at(-1);
  const status: PolicyStatus = {
    observedGeneration: policy.generation,
    conditions: previous.conditions,
    dnsPods: {
      total: facts.dnsPods.length,
      ready,
      looping: facts.loopingPods.length,
      summary: `${ready}/${facts.dnsPods.length}`,
    },
    quarantinedNodes: [...facts.quarantinedNodes].toSorted(),
    quarantined: facts.quarantinedNodes.length,
    repaired: healed.length,
    ...(lastRepairTime ? { lastRepairTime } : {}),
    observations: [...facts.observations]
      .toSorted((a, b) => (a.lastSeen < b.lastSeen ? 1 : -1))
      .slice(0, MAX_OBSERVATIONS),
  };
  const active = withCondition(status, 'Active', ...activity(facts), now);
  return withCondition(active, 'Healthy', ...health(facts, ready), now);
}

type Answer = readonly [status: 'True' | 'False', reason: string, message: string];

function activity({ conflictsWith, workloadExists, remediations, policy, rollout }: PolicyFacts): Answer {
  if (conflictsWith)
    return [
      'False',
      'Conflict',
      `Policy ${conflictsWith} is older and names the same workload, so this policy has no effect.`,
    ];
  if (!workloadExists)
    return [
      'False',
      'WorkloadNotFound',
      'No pod with the label k8s-app=kube-dns in kube-system is owned by the workload of this policy.',
    ];
  const halting = remediations.find((other) => isHalting(other) && isPartOf(other, rollout));
  if (halting) return ['False', 'RolloutHalted', haltedBy(halting)];
  return policy.mode === 'Observe'
    ? ['True', 'Observing', 'Crashes are reported. Nothing is changed.']
    : ['True', 'Watching', 'Forwarding loops are repaired as soon as they are seen.'];
}

function health({ dnsPods, loopingPods }: PolicyFacts, ready: number): Answer {
  const total = dnsPods.length;
  if (loopingPods.length > 0)
    return ['False', 'LoopDetected', `These pods are in a forwarding loop: ${loopingPods.join(', ')}.`];
  if (ready === total && total > 0)
    return ['True', 'AllPodsReady', `${ready} of ${total} DNS pods are ready.`];
  return ['False', 'PodsNotReady', `${ready} of ${total} DNS pods are ready.`];
}
