/** The kubelet configuration of the node is not owned by a managed platform, which would undo a local change or count it as drift. */
import { end, pass, type Verdict } from '../verdict.ts';
import type { Situation } from '../world.ts';

export function platformIsMutable({ world }: Situation): Verdict {
  const managed = world.node?.managedPlatform;
  if (!managed) return pass;
  return end({
    phase: 'Refused',
    reason: 'ManagedPlatform',
    message: `The node is managed by ${managed.platform}, which owns the kubelet configuration.`,
    advice: managed.advice,
    hold: false,
  });
}
