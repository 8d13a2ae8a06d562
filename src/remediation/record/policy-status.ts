/** The policy's status: what `kubectl get dnshealth` shows, computed from the world each time. */
import { DNS_LABELS_TEXT } from '../../api/keys.ts';
import type { NodesStatus } from '../../api/nodes-status.ts';
import type { Observation, PolicyStatus, WorkloadFound } from '../../api/policy.ts';
import type { Condition } from '../../api/primitives.ts';
import { haltedBy, isHalting, isPartOf, type Rollout } from '../rollout/rollout.ts';
import type { DnsPodView, PolicyView, Remediation } from '../world.ts';
import { isoTime, withCondition } from './conditions.ts';

const MAX_OBSERVATIONS = 20;

export interface PolicyFacts {
  readonly policy: PolicyView & { readonly generation: number };
  readonly rollout: Rollout;
  readonly previous: PolicyStatus;
  /** Another, older policy names the same workload. */
  readonly conflictsWith: string | null;
  /** Every workload that owns DNS pods. */
  readonly workloads: readonly WorkloadFound[];
  /** Containers of the watched pods, if none has the name that the policy gives. */
  readonly otherContainers: readonly string[];
  readonly dnsPods: readonly DnsPodView[];
  readonly loopingPods: readonly string[];
  /** Names of the nodes that carry a quarantine of one of this rollout's remediations. */
  readonly quarantinedNodes: readonly string[];
  readonly remediations: readonly Remediation[];
  readonly observations: readonly Observation[];
  /** What the prober found; null if it is off. */
  readonly asked: AskedFacts | null;
  /** What the checks of nodes found; `unknown` until this operator has counted them, `none`: not under this policy. */
  readonly nodes: NodesStatus | 'unknown' | 'none';
  readonly now: number;
}

/** What the prober found of the DNS pods of the workload. */
export interface AskedFacts {
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  /** It will be known within seconds. */
  readonly isPending: boolean;
  readonly answering: number;
  readonly notAskable: number;
  /** How many loop without crashing. */
  readonly looping: number;
  readonly service: NonNullable<PolicyStatus['prober']>['service'];
  /**
   * When it was, when the first one of this operator was, and how far apart two rounds of a pod are; null before the first.
   * Times are epoch milliseconds.
   */
  readonly lastRound: { readonly at: number; readonly firstAt: number; readonly intervalMs: number } | null;
}

/** How old `status.prober.askedAt` may become: it alone is not worth a write. */
export const HEARTBEAT_MS = 5 * 60_000;

export function policyStatus(facts: PolicyFacts): PolicyStatus {
  const { policy, previous, asked, now } = facts;
  const own = facts.remediations.filter((remediation) => isPartOf(remediation, facts.rollout));
  const healed = own.filter((remediation) => remediation.status.phase === 'Healed');
  const ready = facts.dnsPods.filter((pod) => pod.ready && !pod.deleting).length;
  // "0/2" would say of pods that were not asked yet, or cannot be asked from here, that they fail.
  const wereAsked =
    asked !== null && !asked.isPending && (asked.notAskable === 0 || asked.notAskable < facts.dnsPods.length);
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
      looping: facts.loopingPods.length + (asked?.looping ?? 0),
      summary: `${ready}/${facts.dnsPods.length}`,
      ...(asked && {
        answering: asked.answering,
        ...(wereAsked && { answeringSummary: `${asked.answering}/${facts.dnsPods.length}` }),
      }),
    },
    ...prober(facts),
    ...nodesOf(facts),
    workloads: [...facts.workloads],
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

function prober({ asked, previous, now }: PolicyFacts): Pick<PolicyStatus, 'prober'> {
  if (!asked?.lastRound) return {};
  const { service, notAskable, lastRound } = asked;
  const written = previous.prober?.askedAt;
  const isFresh = written !== undefined && now - Date.parse(written) < HEARTBEAT_MS;
  return {
    prober: {
      intervalSeconds: Math.round(lastRound.intervalMs / 1000),
      askedAt: isFresh ? written : isoTime(lastRound.at),
      service,
      notAskable,
    },
  };
}

function nodesOf({ nodes, previous }: PolicyFacts): Pick<PolicyStatus, 'nodes'> {
  if (nodes === 'none') return {};
  if (nodes !== 'unknown') return { nodes };
  return previous.nodes ? { nodes: previous.nodes } : {};
}

type Answer = readonly [status: Condition['status'], reason: string, message: string];

function activity(facts: PolicyFacts): Answer {
  const { conflictsWith, remediations, policy, rollout } = facts;
  if (conflictsWith)
    return [
      'False',
      'Conflict',
      `Policy ${conflictsWith} is older and names the same workload, so this policy has no effect.`,
    ];
  if (facts.workloads.every(({ watched }) => !watched))
    return ['False', 'WorkloadNotFound', workloadNotFound(facts)];
  if (facts.otherContainers.length > 0)
    return [
      'False',
      'ContainerNotFound',
      `No DNS pod has a container with the name in spec.workload.container. Containers found: ${facts.otherContainers.join(', ')}. Set spec.workload.container to that of CoreDNS.`,
    ];
  const halting = remediations.find((other) => isHalting(other) && isPartOf(other, rollout));
  if (halting) return ['False', 'RolloutHalted', haltedBy(halting)];
  const checksNodes = facts.nodes !== 'none';
  return policy.mode === 'Observe'
    ? ['True', 'Observing', `${OBSERVES[checksNodes ? 'nodes' : 'pods']} Nothing is changed.`]
    : ['True', 'Watching', REPAIRS[checksNodes ? 'nodes' : 'pods']];
}

/** Nodes are checked under one policy only. */
const OBSERVES = {
  pods: 'Crashes of DNS pods are reported.',
  nodes: 'Crashes of DNS pods are reported, and so are nodes on which the next DNS pod would loop.',
} as const;
const REPAIRS = {
  pods: 'Forwarding loops are repaired as soon as they are seen.',
  nodes:
    'Forwarding loops are repaired as soon as they are seen, and nodes on which the next DNS pod would loop as soon as a check finds them.',
} as const;

function workloadNotFound({ workloads, rollout: { workload } }: PolicyFacts): string {
  const wanted = `${workload.kind} kube-system/${workload.name}`;
  if (workloads.length === 0)
    return `${wanted} owns no pod in kube-system with one of the labels ${DNS_LABELS_TEXT}, and no other workload does.`;
  const others = workloads.map(
    ({ kind, name, labels }) => `${kind} kube-system/${name} owns pods labelled ${labels.join(' and ')}`,
  );
  return `${wanted} owns no DNS pod. ${others.join('; ')}. To watch ${workloads.length === 1 ? 'it' : 'one of these'}, set spec.workload.kind and spec.workload.name, and spec.workload.container to the name of its container.`;
}

/** What the leader before this one found holds until this one has asked all pods. */
const HOLDS: readonly string[] = [
  'LateLoop',
  'PodsDoNotAnswer',
  'UpstreamUnreachable',
  'ServiceDoesNotAnswer',
];

function health({ dnsPods, loopingPods, asked, previous }: PolicyFacts, ready: number): Answer {
  const total = dnsPods.length;
  if (loopingPods.length > 0)
    return ['False', 'LoopDetected', `These pods are in a forwarding loop: ${loopingPods.join(', ')}.`];
  const found: Answer | null = asked && [asked.status, asked.reason, asked.message];
  if (found && asked?.reason === 'LateLoop') return found;
  const readiness = `${ready} of ${total} DNS pods are ready.`;
  if (ready < total || total === 0) return ['False', 'PodsNotReady', readiness];
  if (!found) return ['True', 'AllPodsReady', readiness];
  const before = previous.conditions.find(({ type }) => type === 'Healthy');
  if (asked?.isPending && isNew(asked) && before && HOLDS.includes(before.reason))
    return [before.status, before.reason, before.message];
  return found;
}

const isNew = ({ lastRound }: AskedFacts): boolean =>
  lastRound === null || lastRound.at - lastRound.firstAt < lastRound.intervalMs;
