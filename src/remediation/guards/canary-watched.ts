/** The first repair of the rollout has been watched for as long as the policy wants, or this is the first. */
import { canariesSince } from '../rollout/canary.ts';
import { pass, type Verdict, wait } from '../verdict.ts';
import type { Waiting } from './guard.ts';

export function canaryWatched({ policy, remediation, world, now }: Waiting): Verdict {
  const watchMs = (policy?.canary.watchSeconds ?? 0) * 1000;
  if (watchMs === 0) return pass;
  const [canary] = canariesSince(remediation, world.remediations, now - watchMs).toSorted(
    (a, b) => (b.endedAt ?? 0) - (a.endedAt ?? 0),
  );
  if (canary?.endedAt == null) return pass;
  const until = canary.endedAt + watchMs;
  const { name, spec } = canary.remediation;
  return wait(
    'CanaryWatched',
    `Node ${spec.node.name} (${name}) was the first to be repaired, and is watched until ${new Date(until).toISOString()}, as spec.canary.watchSeconds says. The next repair begins then, if none of its DNS pods fails again.`,
    until - now,
  );
}
