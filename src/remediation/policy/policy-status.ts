/** The policy's status: what `kubectl get dnshealth` shows, computed from the world each time. */
import type { PolicyStatus } from '../../api/policy/status.ts';
import { isoTime } from '../record/conditions.ts';
import { readyPods } from './conditions/healthy.ts';
import { policyConditions } from './conditions.ts';
import type { PolicyFacts } from './facts.ts';
import { totalsOf } from './totals.ts';
import { waitingOf } from './waiting.ts';

const MAX_OBSERVATIONS = 20;

/** How old `status.prober.askedAt` may become: it alone is not worth a write. */
export const HEARTBEAT_MS = 5 * 60_000;

export function policyStatus(facts: PolicyFacts): PolicyStatus {
  const { policy, previous, remediations } = facts;
  const totals = totalsOf(remediations, previous.past);
  return {
    observedGeneration: policy.generation,
    conditions: policyConditions(facts),
    ...dnsPods(facts),
    ...prober(facts),
    ...nodesOf(facts),
    workloads: [...facts.workloads],
    ...(facts.overlaps.length > 0 && {
      overlaps: facts.overlaps.map((one) => ({ ...one, sample: [...one.sample] })),
    }),
    quarantinedNodes: [...facts.quarantinedNodes].toSorted(),
    quarantined: facts.quarantinedNodes.length,
    ...waitingOf(remediations),
    totals,
    // Only the history writes it.
    past: previous.past,
    repaired: totals.healed,
    ...lastRepair(facts),
    observations: [...facts.observations]
      .toSorted((a, b) => (a.lastSeen < b.lastSeen ? 1 : -1))
      .slice(0, MAX_OBSERVATIONS),
  };
}

function dnsPods({ dnsPods: pods, loopingPods, asked }: PolicyFacts): Pick<PolicyStatus, 'dnsPods'> {
  const ready = readyPods(pods);
  const total = pods.length;
  // "0/2" would say of pods that were not asked yet, or cannot be asked from here, that they fail.
  const wereAsked =
    asked !== null && !asked.isPending && (asked.notAskable === 0 || asked.notAskable < total);
  return {
    dnsPods: {
      total,
      ready,
      looping: loopingPods.length + (asked?.looping ?? 0),
      summary: `${ready}/${total}`,
      ...(asked && {
        answering: asked.answering,
        ...(wereAsked && { answeringSummary: `${asked.answering}/${total}` }),
      }),
    },
  };
}

/** It stays when the record of that repair is deleted. */
function lastRepair({ remediations, previous }: PolicyFacts): Pick<PolicyStatus, 'lastRepairTime'> {
  const healed = remediations.flatMap(({ status }) =>
    status.phase === 'Healed' && status.finishedAt !== undefined ? [status.finishedAt] : [],
  );
  const last = [...healed, previous.lastRepairTime ?? ''].toSorted().at(-1);
  return last ? { lastRepairTime: last } : {};
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
