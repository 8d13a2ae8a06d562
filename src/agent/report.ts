/** Shortens a report to what the container's termination message can hold, and writes it there. */
import { writeFileSync } from 'node:fs';
import { type AgentReport, MAX_REPORT_BYTES } from '../api/agent-protocol.ts';
import type { Rewritten } from '../api/rewritten.ts';

/** Never shortened: the operator acts on these. */
const WHOLE = new Set([
  'verb',
  'nonce',
  'outcome',
  'reason',
  'sha256Before',
  'sha256After',
  'layout',
  'class',
  'content',
]);
const SHORTEST = 16;

/** Only shown to readers of the record, and dropped first. */
const SHOWN_ONLY = new Set(['diff', 'text']);
const TEXT_ONLY = new Set(['text']);

/** So many neighbours of a rewritten file still say whose traces they are. */
const FEW_NEIGHBOURS = 3;

/** What is given up first is first. */
const SHORTER: readonly ((report: AgentReport) => AgentReport)[] = [
  (report) => withNeighbours(report, FEW_NEIGHBOURS),
  withoutShown,
  (report) => withNeighbours(report, 0),
];

/** The JSON of a report; what is only shown is left out and then the longest texts are halved until it fits. */
export function fitReport(report: AgentReport): string {
  let fitted: unknown = SHORTER.reduce(
    (shorter, shorten) => (fits(shorter) ? shorter : shorten(shorter)),
    report,
  );
  for (let json = JSON.stringify(fitted); ; json = JSON.stringify(fitted)) {
    const longest = longestText(fitted);
    if (Buffer.byteLength(json) <= MAX_REPORT_BYTES || longest <= SHORTEST) return json;
    fitted = cut(fitted, longest);
  }
}

const fits = (report: unknown): boolean => Buffer.byteLength(JSON.stringify(report)) <= MAX_REPORT_BYTES;

function withoutShown(report: AgentReport): AgentReport {
  // The diff is the whole result of an inspection, and is cut like any other text there.
  const shown = report.verb === 'inspect' ? TEXT_ONLY : SHOWN_ONLY;
  return JSON.parse(
    JSON.stringify(report, (key, value: unknown) =>
      shown.has(key) && typeof value === 'string' ? undefined : value,
    ),
  ) as AgentReport;
}

function withNeighbours(report: AgentReport, kept: number): AgentReport {
  if (!('rewritten' in report) || report.rewritten === undefined) return report;
  const { neighbours, more } = report.rewritten;
  const rewritten: Rewritten = {
    ...report.rewritten,
    neighbours: neighbours.slice(0, kept),
    more: more + Math.max(0, neighbours.length - kept),
  };
  return { ...report, rewritten };
}

export function writeReport(report: AgentReport, path: string): void {
  // Not atomic: the kubelet mounts this file on its own, so that it cannot be replaced by a rename.
  writeFileSync(path, fitReport(report));
}

function longestText(value: unknown): number {
  let longest = 0;
  JSON.stringify(value, (key, inner: unknown) => {
    if (typeof inner === 'string' && !WHOLE.has(key)) longest = Math.max(longest, inner.length);
    return inner;
  });
  return longest;
}

function cut(value: unknown, longest: number): unknown {
  return JSON.parse(JSON.stringify(value), (key, inner: unknown) => {
    if (typeof inner !== 'string' || WHOLE.has(key) || inner.length < longest) return inner;
    return `${inner.slice(0, Math.floor(longest / 2))}…`;
  });
}
