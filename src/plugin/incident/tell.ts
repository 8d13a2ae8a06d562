/** Tells an incident as it happens: each entry of its timeline once, with the seconds since the incident began. */
import type { Output } from '../terminal/output.ts';
import { type IncidentRecord, type TimelineEntry, timelineOf } from './timeline.ts';

/** Wide enough for a repair that takes hours. */
const STAMP_WIDTH = 10;

export interface Teller {
  /** Prints what is new in a record. Of several incidents at once each line names its node. */
  tell(record: IncidentRecord, namesNode?: boolean): void;
}

export function createTeller(out: Pick<Output, 'line' | 'paint'>): Teller {
  const told = new Set<string>();
  return {
    tell(record, namesNode = false) {
      for (const entry of timelineOf(record)) {
        const key = `${record.name} ${entry.id}`;
        if (told.has(key)) continue;
        told.add(key);
        for (const line of linesOf(entry, out, namesNode ? `${record.spec.node.name}  ` : '')) out.line(line);
      }
    },
  };
}

export function linesOf(
  { seconds, text, details }: TimelineEntry,
  { paint }: Pick<Output, 'paint'>,
  prefix = '',
): readonly string[] {
  const indent = ' '.repeat(STAMP_WIDTH + 2 + prefix.length);
  return [
    `${paint('dim', `${seconds.toFixed(1)} s`.padStart(STAMP_WIDTH))}  ${prefix}${tint(text, paint)}`,
    ...details.map((detail) => `${indent}  ${tint(detail, paint)}`),
  ];
}

function tint(text: string, paint: Output['paint']): string {
  if (text.startsWith('- ') || text.startsWith('[FATAL]')) return paint('red', text);
  if (text.startsWith('+ ') || text.startsWith('Healed')) return paint('green', text);
  return text;
}
