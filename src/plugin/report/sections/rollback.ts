/** The rollback: which repair was taken back, who wanted that and why, and what became of it. */
import { code, line, prose, type Section } from '../page.ts';
import type { StoredRecord } from '../record.ts';

/** None of other records. */
export function rollback({ spec, status }: StoredRecord): readonly Section[] {
  if (spec.trigger !== 'Rollback') return [];
  const { of, by, reason, at } = spec.rollback;
  return [
    {
      title: 'The rollback',
      blocks: [
        {
          kind: 'facts',
          facts: [
            { name: 'Repair that is taken back', value: [code(of.name)] },
            { name: 'Asked for by', value: line`${code(by)} at ${at}` },
            { name: 'Reason', value: [reason] },
            { name: 'Outcome', value: prose(status.message ?? status.phase) },
            {
              name: 'The node from then on',
              value:
                status.phase === 'RolledBack'
                  ? line`Has the label ${code('dnshealth.io/exclude=true')}: it is checked, and not repaired.`
                  : ['As it was before.'],
            },
          ],
        },
      ],
    },
  ];
}
