/** Which changes of a DNSHealthPolicy are told: its breaker opens. */
import type { PolicyStatus } from '../api/policy/status.ts';
import type { Notice } from './notice.ts';

type Conditions = Pick<PolicyStatus, 'conditions'>;

export function breakerNotices(
  policy: { readonly name: string; readonly uid: string },
  before: Conditions,
  after: Conditions,
): readonly Notice[] {
  const open = openIn(after);
  if (!open || openIn(before)) return [];
  return [
    {
      // With the time: it may open again.
      id: `${policy.uid}/BreakerOpened/${open.lastTransitionTime}`,
      event: 'BreakerOpened',
      at: open.lastTransitionTime,
      severity: 'warning',
      title: `Policy ${policy.name} begins no further repair: its breaker is open`,
      text: open.message,
      advice:
        'Find out what went wrong with `kubectl dnshealth status`, then acknowledge each failed remediation with `kubectl dnshealth acknowledge NAME`.',
      policy: { name: policy.name, uid: policy.uid },
    },
  ];
}

const openIn = ({ conditions }: Conditions) =>
  conditions.find(({ type, status }) => type === 'BreakerOpen' && status === 'True');
