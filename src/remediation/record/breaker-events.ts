/** Events of a policy whose breaker opens or closes. From its condition, so that a new leader does not tell it again. */
import type { PolicyStatus } from '../../api/policy/status.ts';
import type { EventIntent } from './events.ts';

type Conditions = Pick<PolicyStatus, 'conditions'>;

export function breakerTurned(
  { name, uid }: { readonly name: string; readonly uid: string },
  before: Conditions,
  after: Conditions,
): readonly EventIntent[] {
  const condition = breakerIn(after);
  // One that was never judged was closed.
  const was = breakerIn(before)?.status ?? 'False';
  if (!condition || condition.status === was) return [];
  const isOpen = condition.status === 'True';
  return [
    {
      about: [{ kind: 'policy', name, uid }],
      type: isOpen ? 'Warning' : 'Normal',
      reason: isOpen ? 'BreakerOpened' : 'BreakerClosed',
      action: 'Limit',
      note: isOpen ? condition.message : 'No failed repair stops further ones any more.',
    },
  ];
}

const breakerIn = ({ conditions }: Conditions) => conditions.find(({ type }) => type === 'BreakerOpen');
