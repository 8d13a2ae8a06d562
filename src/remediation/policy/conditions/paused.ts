/** Paused: who has paused repairs, why, and until when. */
import { activePauses } from '../../maintenance/pauses.ts';
import type { PolicyFacts } from '../facts.ts';
import { type Judgement, listed } from './judgement.ts';

export function paused(facts: PolicyFacts): Judgement {
  const { pauseOfAll } = facts;
  const entries = activePauses(facts.policy.pause, facts.now);
  if (entries.length === 0 && !pauseOfAll)
    return { status: 'False', reason: 'NotPaused', message: 'Nobody has paused repairs.' };
  const by = [
    ...(pauseOfAll ? [`${pauseOfAll.by} (all policies): ${pauseOfAll.reason}`] : []),
    ...entries.map(
      ({ reason, by: who, until }) => `${who}: ${reason}${until === undefined ? '' : ` (until ${until})`}`,
    ),
  ];
  return {
    status: 'True',
    reason: pauseOfAll ? 'AllPoliciesPaused' : 'Paused',
    message: `No repair begins; what has begun ends. Paused by ${listed(by)}.`,
  };
}
