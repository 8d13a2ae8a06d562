/** The timeline: what happened, when and by whom, as a bar and as a table of the same entries. */
import { type TimelineEntry, timelineOf } from '../../incident/timeline.ts';
import { duration } from '../facts.ts';
import { type Line, line, type Phase, quoted, type Section, strong } from '../page.ts';
import type { StoredRecord } from '../record.ts';

/** A longer pause between two entries is marked: somebody will ask what happened in it. */
const GAP_SECONDS = 5;

export function timeline(record: StoredRecord): Section {
  const entries = timelineOf({ ...record, name: record.metadata.name });
  return {
    title: 'Timeline',
    blocks: [
      { kind: 'phases', caption: 'From the beginning to the end', phases: phasesOf(entries) },
      {
        kind: 'table',
        caption: `${dayOf(entries)}. Times are UTC, by the clocks of the node and of the operator; the beginning is known to the second.`,
        columns: [
          { title: 'Time', isShort: true },
          { title: 'Since', isNumber: true },
          { title: 'Who', isShort: true },
          { title: 'What' },
        ],
        rows: entries.map((entry, index) => rowOf(entry, entries[index - 1])),
      },
    ],
  };
}

function rowOf(
  { at, seconds, who, text, details }: TimelineEntry,
  before: TimelineEntry | undefined,
): readonly Line[] {
  const gap = before ? seconds - before.seconds : 0;
  return [
    [new Date(at).toISOString().slice(11, 23)],
    [`+${seconds.toFixed(1)} s`],
    [who],
    [
      ...(gap > GAP_SECONDS ? line`${strong(`After a pause of ${duration(gap)}.`)} ` : []),
      text,
      ...(details.length > 0 ? [quoted(details)] : []),
    ],
  ];
}

/** Or both days, of an incident that went past midnight. */
function dayOf(entries: readonly TimelineEntry[]): string {
  const days = new Set(
    [entries[0], entries.at(-1)].flatMap((entry) => (entry ? [entry.at.slice(0, 10)] : [])),
  );
  return [...days].join(' to ');
}

/** Each part of the bar is the time before one entry. What happened at once has no part. */
function phasesOf(entries: readonly TimelineEntry[]): readonly Phase[] {
  return entries.slice(1).flatMap(({ id, seconds, who }, index) => {
    const length = seconds - (entries[index]?.seconds ?? 0);
    return length > 0 ? [{ name: `until ${id.replace(/ 1$/, '')} (${who})`, seconds: length }] : [];
  });
}
