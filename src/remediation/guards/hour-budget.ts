/** Fewer repairs began within the last hour than the policy allows. */
import { ledgerOf } from '../rollout/ledger.ts';
import { isPartOf, rolloutOf } from '../rollout/rollout.ts';
import { pass, type Verdict, wait } from '../verdict.ts';
import type { Waiting } from './guard.ts';

const HOUR_MS = 60 * 60_000;

export function hourBudget({ policy, remediation, world, now }: Waiting): Verdict {
  const perHour = policy?.limits.perHour;
  if (perHour === undefined) return pass;
  const rollout = rolloutOf(remediation);
  const { began, admitted } = ledgerOf(world.remediations);
  const times = [
    ...began.flatMap(({ remediation: other, beganAt }) =>
      beganAt > now - HOUR_MS && other.name !== remediation.name && isPartOf(other, rollout) ? beganAt : [],
    ),
    // Their first step follows within a second.
    ...admitted.flatMap((other) => (other.name !== remediation.name && isPartOf(other, rollout) ? now : [])),
  ];
  const last = times.at(-perHour);
  if (last === undefined) return pass;
  const next = last + HOUR_MS;
  return wait(
    'RepairsPerHour',
    `Within the last hour as many repairs began as spec.limits.perHour allows (${perHour}). The next one may begin at ${new Date(next).toISOString()}.`,
    next - now,
  );
}
