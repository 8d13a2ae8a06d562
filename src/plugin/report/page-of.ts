/** From the record of an incident to its page: the order of the sections is the table of contents. */
import type { Page } from './page.ts';
import type { StoredRecord } from './record.ts';
import { appendix } from './sections/appendix.ts';
import { cause } from './sections/cause.ts';
import { change } from './sections/change.ts';
import { figuresOf } from './sections/figures.ts';
import { impact } from './sections/impact.ts';
import { nextSteps } from './sections/next-steps.ts';
import { proofs } from './sections/proofs.ts';
import { recurrence } from './sections/recurrence.ts';
import { timeline } from './sections/timeline.ts';
import { badgeOf, sentenceOf } from './sections/verdict.ts';

/** @param shortened the record has texts or lists that were cut, which the page then says */
export const pageOf = (record: StoredRecord, shortened = false): Page => ({
  title: `DNS incident ${record.metadata.name}`,
  badge: badgeOf(record),
  sentence: sentenceOf(record),
  figures: figuresOf(record),
  sections: [
    impact(record),
    timeline(record),
    cause(record),
    change(record),
    proofs(record),
    recurrence(record),
    nextSteps(record),
    appendix(record, shortened),
  ],
});
