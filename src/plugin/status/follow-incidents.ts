/** Tells incidents as they happen, from their records: what is new in each, and why one waits. */
import { FINAL_PHASES, type Phase } from '../../api/remediation.ts';
import type { Remediation } from '../../remediation/world.ts';
import { createTeller } from '../incident/tell.ts';
import type { Output } from '../terminal/output.ts';

interface Follower {
  readonly see: (remediation: Remediation) => void;
  /** All that existed has been seen: what ended before is not told. */
  readonly fromNowOn: () => void;
}

const WAITS: readonly Phase[] = ['Pending', 'AwaitingApproval'];

export function createFollower(out: Pick<Output, 'line' | 'paint'>): Follower {
  const teller = createTeller(out);
  const over = new Set<string>();
  const whyItWaits = new Map<string, string>();
  let isLive = false;
  return {
    see(remediation) {
      const { name, spec, status } = remediation;
      if (!isLive && FINAL_PHASES.includes(status.phase)) over.add(name);
      if (over.has(name)) return;
      teller.tell(remediation, true);
      const why = WAITS.includes(status.phase) ? (status.message ?? '') : '';
      if (why !== '' && whyItWaits.get(name) !== why) out.line(`${' '.repeat(12)}${spec.node.name}  ${why}`);
      whyItWaits.set(name, why);
    },
    fromNowOn() {
      isLive = true;
    },
  };
}
