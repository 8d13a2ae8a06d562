/** What people did: to the node while it was in quarantine, and to the repair afterwards. */
import { code, type Line, line, prose, type Section } from '../page.ts';
import type { StoredRecord } from '../record.ts';

/** None where nobody did anything. */
export function people(record: StoredRecord): readonly Section[] {
  const items = itemsOf(record);
  return items.length === 0
    ? []
    : [{ title: 'What people did in the meantime', blocks: [{ kind: 'list', items }] }];
}

function itemsOf({ status: { interference, rolledBackBy } }: StoredRecord): readonly Line[] {
  return [
    ...interference.map(({ at, message }): Line => line`${at}: ${prose(message)}`),
    ...(rolledBackBy === undefined
      ? []
      : [line`The repair was taken back later, by the DNSRemediation ${code(rolledBackBy)}.`]),
  ];
}
