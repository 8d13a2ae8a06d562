/** The last repair of the policy, and that of the node, ended long enough ago. */
import { type Ledger, ledgerOf } from '../rollout/ledger.ts';
import { isPartOf, rolloutOf } from '../rollout/rollout.ts';
import { pass, type Verdict, wait } from '../verdict.ts';
import type { Remediation } from '../world.ts';
import type { Waiting } from './guard.ts';

const DAY_MS = 24 * 60 * 60_000;

export function cooledDown({ policy, remediation, world, now }: Waiting): Verdict {
  if (!policy) return pass;
  const { coolDownSeconds, backOffSeconds } = policy.limits;
  if (coolDownSeconds === 0 && backOffSeconds === 0) return pass;
  const ledger = ledgerOf(world.remediations);
  const backOff = backOffSeconds === 0 ? null : afterBackOff(ledger, remediation, backOffSeconds * 1000);
  if (backOff !== null && backOff.until > now)
    return wait(
      'BackingOff',
      `The last repair of node ${remediation.spec.node.name} ended at ${iso(backOff.last)}. After ${backOff.count === 1 ? 'one repair' : `${backOff.count} repairs`} within 24 hours, spec.limits.backOffSeconds lets the next one begin at ${iso(backOff.until)}.`,
      backOff.until - now,
    );
  const last = coolDownSeconds === 0 ? null : lastOfPolicy(ledger, remediation);
  const until = last === null ? 0 : last.endedAt + coolDownSeconds * 1000;
  return last === null || until <= now
    ? pass
    : wait(
        'CoolingDown',
        `The repair of node ${last.node} ended at ${iso(last.endedAt)}, and spec.limits.coolDownSeconds lets the next one begin at ${iso(until)}.`,
        until - now,
      );
}

/** It doubles with each further repair that ended within the day before the last one. */
function afterBackOff(ledger: Ledger, { name, spec }: Remediation, firstMs: number) {
  const ends = ledger.began
    .filter(({ remediation: other }) => other.name !== name && other.spec.node.uid === spec.node.uid)
    .flatMap(({ endedAt }) => endedAt ?? []);
  if (ends.length === 0) return null;
  const last = Math.max(...ends);
  const count = ends.filter((end) => end > last - DAY_MS).length;
  return { last, count, until: last + Math.min(DAY_MS, firstMs * 2 ** (count - 1)) };
}

function lastOfPolicy(ledger: Ledger, remediation: Remediation) {
  const rollout = rolloutOf(remediation);
  let last: { readonly endedAt: number; readonly node: string } | null = null;
  for (const { remediation: other, endedAt } of ledger.began)
    if (
      endedAt !== null &&
      endedAt > (last?.endedAt ?? 0) &&
      other.name !== remediation.name &&
      isPartOf(other, rollout)
    )
      last = { endedAt, node: other.spec.node.name };
  return last;
}

const iso = (time: number): string => new Date(time).toISOString();
