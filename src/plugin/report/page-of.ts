/** From the record of an incident to its page: the order of the sections is the table of contents. */
import { assertNever } from '../../api/assert-never.ts';
import type { Page, Section } from './page.ts';
import type { StoredRecord } from './record.ts';
import { appendix } from './sections/appendix.ts';
import { cause } from './sections/cause.ts';
import { change } from './sections/change.ts';
import { figuresOf } from './sections/figures.ts';
import { impact } from './sections/impact.ts';
import { nextSteps } from './sections/next-steps.ts';
import { people } from './sections/people.ts';
import { plan } from './sections/plan.ts';
import { proofs } from './sections/proofs.ts';
import { recurrence } from './sections/recurrence.ts';
import { rollback } from './sections/rollback.ts';
import { timeline } from './sections/timeline.ts';
import { badgeOf, sentenceOf } from './sections/verdict.ts';

/** @param shortened the record has texts or lists that were cut, which the page then says */
export const pageOf = (record: StoredRecord, shortened = false): Page => ({
  title: `DNS incident ${record.metadata.name}`,
  badge: badgeOf(record),
  sentence: sentenceOf(record),
  figures: figuresOf(record),
  sections: [...sectionsOf(record), appendix(record, shortened)],
});

function sectionsOf(record: StoredRecord): readonly Section[] {
  switch (record.spec.trigger) {
    // Nothing broke: a person asked.
    case 'Request':
      return [...plan(record), timeline(record)];
    case 'Rollback':
      return [...rollback(record), timeline(record), change(record), ...people(record), nextSteps(record)];
    case 'Crash':
    case 'LateLoop':
    case 'Drift':
      return [
        impact(record),
        timeline(record),
        cause(record),
        ...plan(record),
        change(record),
        proofs(record),
        ...people(record),
        recurrence(record),
        nextSteps(record),
      ];
    default:
      return assertNever(record.spec);
  }
}
