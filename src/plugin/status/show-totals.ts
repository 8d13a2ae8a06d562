/** How the incidents of a policy have ended so far, in one line. */
import type { Totals } from '../../api/policy/totals.ts';
import type { Status } from './read-status.ts';

const WORDS: readonly (readonly [keyof Totals, string])[] = [
  ['healed', 'healed'],
  ['planned', 'planned'],
  ['refused', 'refused'],
  ['rolledBack', 'rolled back'],
  ['failed', 'failed'],
  ['expired', 'expired'],
  ['superseded', 'superseded'],
  ['cancelled', 'cancelled'],
];

export const totals = ({ policies }: Status): string =>
  policies
    .map(({ name, status }) => {
      const ended = WORDS.filter(([key]) => status.totals[key] > 0);
      if (ended.length === 0) return '';
      const of = policies.length > 1 ? `${name}: ` : '';
      return `${of}Ended so far: ${ended.map(([key, word]) => `${status.totals[key]} ${word}`).join(', ')}.\n`;
    })
    .join('');
