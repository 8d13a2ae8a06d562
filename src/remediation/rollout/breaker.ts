/** Whether failed repairs stop all further ones of a policy, which ones, and until when. */
import { acknowledgeWith } from '../acknowledge-with.ts';
import type { PolicyView, Remediation } from '../world.ts';
import { isCanary } from './canary.ts';
import { ledgerOf } from './ledger.ts';
import { failureOf, isPartOf, type Rollout } from './rollout.ts';

export interface Breaker {
  readonly open: boolean;
  /** The failures that count, the oldest first: the breaker is open once there are `spec.breaker.failures` of them. */
  readonly failures: readonly Remediation[];
  /** When it closes by itself, epoch milliseconds; null if it is closed, or waits for an acknowledgement. */
  readonly closesAt: number | null;
  /** What is said of it where it is open. */
  readonly message: string;
}

type Limits = Pick<PolicyView, 'breaker' | 'canary'>;

/**
 * A failure counts until it is acknowledged, or until `windowMinutes` after its end.
 *
 * @param rollout null: all of the remediations are of one policy
 */
export function breakerOf(
  remediations: readonly Remediation[],
  rollout: Rollout | null,
  { breaker, canary }: Limits,
  now: number,
): Breaker {
  const windowMs = breaker.windowMinutes === undefined ? null : breaker.windowMinutes * 60_000;
  const counting = [
    ...ofRepairs(remediations, rollout),
    ...ofCanaries(remediations, rollout, canary.watchSeconds),
  ]
    .filter(({ at }) => windowMs === null || at + windowMs > now)
    .toSorted((a, b) => a.at - b.at);
  const open = counting.length >= breaker.failures;
  // Once this one does not count any more, fewer than `failures` do.
  const last = counting.at(-breaker.failures);
  const closesAt = open && windowMs !== null && last ? last.at + windowMs : null;
  return {
    open,
    failures: counting.map(({ remediation }) => remediation),
    closesAt,
    message: open ? messageOf(counting, closesAt) : 'No failed repair stops further ones.',
  };
}

interface Failure {
  readonly remediation: Remediation;
  readonly at: number;
  readonly text: string;
}

function ofRepairs(remediations: readonly Remediation[], rollout: Rollout | null): readonly Failure[] {
  return ledgerOf(remediations)
    .wrong.filter((one) => !one.acknowledged && (rollout === null || isPartOf(one, rollout)))
    .map((one) => ({
      remediation: one,
      at: Date.parse(one.status.finishedAt ?? '') || one.createdAt,
      text: failureOf(one),
    }));
}

/** The canary healed its node, and a DNS pod there failed again while it was watched. */
function ofCanaries(
  remediations: readonly Remediation[],
  rollout: Rollout | null,
  watchSeconds: number,
): readonly Failure[] {
  return ledgerOf(remediations)
    .relapses.filter(
      ({ healed, again }) =>
        !healed.remediation.acknowledged &&
        (rollout === null || isPartOf(healed.remediation, rollout)) &&
        again.createdAt - (healed.endedAt ?? 0) <= watchSeconds * 1000 &&
        isCanary(healed, remediations),
    )
    .map(({ healed: { remediation }, again }) => ({
      remediation,
      at: again.createdAt,
      text: `The first repair of the rollout, of node ${remediation.spec.node.name}, did not last: a DNS pod there failed again while it was watched (${again.name}).`,
    }));
}

/** As many names as a person reads. */
const NAMED = 5;

function messageOf(counting: readonly Failure[], closesAt: number | null): string {
  const [first, ...others] = counting;
  if (!first) return '';
  const { name } = first.remediation;
  const names = others.slice(0, NAMED).map(({ remediation }) => remediation.name);
  const more = others.length > NAMED ? ` and ${others.length - NAMED} more` : '';
  return [
    first.text,
    ...(others.length === 0 ? [] : [`These ended badly as well: ${names.join(', ')}${more}.`]),
    `Further repairs are stopped until ${others.length === 0 ? 'its remediation is' : 'these remediations are'} acknowledged: ${acknowledgeWith(name)}.`,
    ...(closesAt === null
      ? []
      : [`By itself the breaker closes at ${new Date(closesAt).toISOString()}, if nothing else fails.`]),
  ].join(' ');
}
