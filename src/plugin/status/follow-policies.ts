/** Reports as it happens that a policy is paused or resumed, and that its breaker opens or closes. */
import type { PolicyStatus } from '../../api/policy/status.ts';
import type { Output } from '../terminal/output.ts';

interface PolicyFollower {
  readonly see: (policy: {
    readonly name: string;
    readonly status: Pick<PolicyStatus, 'conditions'>;
  }) => void;
  /** All that was there has been seen: it is in the status that was printed before. */
  readonly fromNowOn: () => void;
}

const FOLLOWED: readonly string[] = ['Paused', 'BreakerOpen'];

export function createPolicyFollower({ line }: Pick<Output, 'line'>): PolicyFollower {
  const said = new Map<string, string>();
  let isLive = false;
  return {
    see({ name, status }) {
      for (const { type, status: is, message } of status.conditions) {
        if (!FOLLOWED.includes(type)) continue;
        const now = is === 'True' ? message : '';
        const before = said.get(`${name} ${type}`) ?? '';
        said.set(`${name} ${type}`, now);
        if (isLive && now !== before) line(`${INDENT}${name}  ${type}: ${is}. ${message}`);
      }
    },
    fromNowOn() {
      isLive = true;
    },
  };
}

/** Where the lines of an incident have its seconds. */
const INDENT = ' '.repeat(12);
