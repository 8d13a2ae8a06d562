/** The policy's status: what `kubectl get dnshealth` shows, counted anew from the world each time. */
import type { Observation, PolicyStatus } from '../api/policy.ts';
import { withCondition } from './conditions.ts';
import { haltsRollout } from './safety.ts';
import type { DnsPodView, PolicyView, Remediation } from './world.ts';

const MAX_OBSERVATIONS = 20;

export interface PolicyFacts {
  readonly policy: PolicyView & { readonly uid: string; readonly generation: number };
  readonly previous: PolicyStatus;
  /** Another, older policy names the same workload. */
  readonly conflictsWith: string | null;
  readonly workloadExists: boolean;
  readonly dnsPods: readonly DnsPodView[];
  readonly loopingPods: readonly string[];
  /** Names of the nodes that carry a quarantine of one of this policy's remediations. */
  readonly quarantinedNodes: readonly string[];
  readonly remediations: readonly Remediation[];
  readonly observations: readonly Observation[];
  readonly now: number;
}

export function policyStatus(facts: PolicyFacts): PolicyStatus {
  const { policy, previous, now } = facts;
  const own = facts.remediations.filter((remediation) => remediation.spec.policy.uid === policy.uid);
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
  return withCondition(withActive(status, facts), 'Healthy', ...health(facts, ready), now);
}

function withActive(status: PolicyStatus, facts: PolicyFacts): PolicyStatus {
  const halting = facts.remediations.find((remediation) => haltsRollout(remediation, facts.policy.uid));
  const answer: ['True' | 'False', string, string] = facts.conflictsWith
    ? [
        'False',
        'Conflict',
        `Policy ${facts.conflictsWith} is older and names the same workload; this one does nothing.`,
      ]
    : !facts.workloadExists
      ? [
          'False',
          'WorkloadNotFound',
          'No pod in kube-system with k8s-app=kube-dns is owned by the workload of this policy.',
        ]
      : halting
        ? [
            'False',
            'RolloutHalted',
            `${halting.name} failed and waits for a person; it halts further repairs.`,
          ]
        : facts.policy.mode === 'Observe'
          ? ['True', 'Observing', 'Crashes are reported; nothing is changed.']
          : ['True', 'Watching', 'Loops are repaired as they are seen.'];
  return withCondition(status, 'Active', ...answer, facts.now);
}

function health(facts: PolicyFacts, ready: number): ['True' | 'False', string, string] {
  const total = facts.dnsPods.length;
  if (facts.loopingPods.length > 0)
    return ['False', 'LoopDetected', `${facts.loopingPods.join(', ')}: in a forwarding loop.`];
  if (ready === total && total > 0)
    return ['True', 'AllPodsReady', `${ready} of ${total} DNS pods are ready.`];
  return ['False', 'PodsNotReady', `${ready} of ${total} DNS pods are ready.`];
}
