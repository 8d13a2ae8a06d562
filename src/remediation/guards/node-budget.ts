/** The node was not repaired as often as the policy allows within a day. */
import { ledgerOf } from '../rollout/ledger.ts';
import { pass, type Verdict, wait } from '../verdict.ts';
import type { Waiting } from './guard.ts';

const DAY_MS = 24 * 60 * 60_000;

export function nodeBudget({ policy, remediation, world, now }: Waiting): Verdict {
  const perNode = policy?.limits.perNode;
  if (perNode === undefined) return pass;
  const { node } = remediation.spec;
  const repairs = ledgerOf(world.remediations).began.filter(
    ({ remediation: other, beganAt }) =>
      other.name !== remediation.name && other.spec.node.uid === node.uid && beganAt > now - DAY_MS,
  );
  const last = repairs.at(-perNode);
  if (last === undefined) return pass;
  const next = last.beganAt + DAY_MS;
  const names = repairs.map(({ remediation: other }) => other.name).join(', ');
  return wait(
    'RepairsPerNode',
    `Within the last 24 hours ${repairs.length === 1 ? 'one repair' : `${repairs.length} repairs`} of node ${node.name} began (${names}), and spec.limits.perNode allows ${perNode}. The next one may begin at ${new Date(next).toISOString()}.`,
    next - now,
  );
}
