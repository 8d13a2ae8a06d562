/** The cause: the evidence line by line, a healthy pod beside the looping one, and what was ruled out. */
import { assertNever } from '../../../api/assert-never.ts';
import { isOfFileAlone } from '../../../remediation/facts.ts';
import { beginningOf } from '../../incident/beginning.ts';
import { hasChanged } from '../facts.ts';
import { type Block, code, columns, type Line, line, prose, quoted, type Section, strong } from '../page.ts';
import { evidenceOf, type StoredRecord } from '../record.ts';
import { comparison, serversOf } from './comparison.ts';

export const cause = (record: StoredRecord): Section => ({
  title: 'Cause',
  blocks: [
    { kind: 'text', line: summary(record) },
    {
      kind: 'table',
      caption: 'Evidence',
      columns: columns('Where', 'What was found'),
      rows: evidence(record),
    },
    // Of a file that the kubelet has not read, no pod shows anything.
    ...(isOfFileAlone(record) ? [] : [comparison(record)]),
    ...log(record),
    ...corefile(record),
    ...ruledOut(record),
  ],
});

function summary(record: StoredRecord): Line {
  if (isOfFileAlone(record))
    return line`${strong(record.spec.cause)}: the next start of the kubelet would make it give its pods a resolv.conf that leads back to themselves. The running kubelet had not read that value. ${confirmed(record)}`;
  const examination = evidenceOf(record)?.examination;
  const found = examination
    ? line`${prose(examination.summary)} The diagnosis was made with ${examination.confidence} confidence from the side of the cluster.`
    : record.spec.trigger === 'Drift'
      ? line`A check of the node was given that file itself.`
      : line`How certain the diagnosis was is not recorded.`;
  return line`${strong(record.spec.cause)}: the kubelet gives its pods a resolv.conf that leads back to themselves. ${found} ${confirmed(record)}`;
}

/** The agent decides again, from the files of the node. */
function confirmed({ status: { repair, inspection } }: StoredRecord): Line {
  if (!repair)
    return inspection
      ? line`The agent inspected the node, and changed nothing: ${prose(inspection.message)}`
      : ['The side of the node is not recorded.'];
  switch (repair.outcome) {
    case 'repaired':
    case 'corrected':
    case 'rolled-back':
      return ['The agent found the same on the node before it changed anything.'];
    case 'already-right':
      return ['On the node the agent found the value right already.'];
    case 'refused':
    case 'failed':
      return line`On the node the agent found: ${prose(repair.message)}`;
    default:
      return assertNever(repair.outcome);
  }
}

function evidence(record: StoredRecord): readonly (readonly Line[])[] {
  const { spec, status } = record;
  const { effective, current, target } = status.repair ?? status.inspection ?? {};
  const examined = evidenceOf(record)?.examination?.because ?? [];
  const { source: where, shownBy } = beginningOf(spec);
  const first = [[prose(where), spec.trigger === 'Crash' ? [code(shownBy)] : prose(shownBy)]];
  // The line of the log is there already.
  const more = examined.filter(({ text }) => spec.trigger !== 'Crash' || text !== spec.sighting.line);
  return [
    ...first,
    ...more.map(({ source, text }) => [[source], prose(text)]),
    ...(effective
      ? [
          [
            [code(effective.source)],
            line`${isOfFileAlone(record) ? 'The file set resolvConf to' : 'The kubelet was set to'} ${code(effective.value === '' ? 'no file (an empty value)' : effective.value)}.`,
          ],
        ]
      : []),
    ...(current
      ? [fileRow(isOfFileAlone(record) ? 'the wrong value' : 'given to pods before', current)]
      : []),
    ...(target ? [fileRow(hasChanged(record) ? 'the new value' : 'what a repair would set', target)] : []),
  ];
}

interface GradedFile {
  readonly path: string;
  readonly class: string;
  readonly nameservers: readonly string[];
  readonly text?: string | undefined;
}

const fileRow = (what: string, { path, class: grade, nameservers, text }: GradedFile): readonly Line[] => [
  line`${code(path)} (${what})`,
  line`Class ${strong(grade)}: ${serversOf(nameservers)}.${text === undefined ? '' : quoted(text.split('\n'))}`,
];

function log(record: StoredRecord): readonly Block[] {
  const lines = evidenceOf(record)?.log ?? [];
  if (lines.length === 0) return [];
  const marked = lines.findLastIndex((one) => one.includes('[FATAL]'));
  return [
    {
      kind: 'text-file',
      caption: 'Last lines of the log before the death',
      lines,
      ...(marked >= 0 && { marked }),
    },
  ];
}

function corefile(record: StoredRecord): readonly Block[] {
  const found = evidenceOf(record)?.corefile;
  if (!found) return [];
  return [
    {
      kind: 'text-file',
      caption: `Corefile in the ConfigMap kube-system/${found.configMap}`,
      lines: found.text.trimEnd().split('\n'),
    },
  ];
}

/** A check or an inspection has seen the file itself: there was nothing to rule out. */
function ruledOut(record: StoredRecord): readonly Block[] {
  const causes = evidenceOf(record)?.examination?.ruledOut ?? [];
  if (causes.length === 0)
    return record.spec.trigger === 'Drift'
      ? []
      : [{ kind: 'text', line: ['What was ruled out is not recorded.'] }];
  return [
    {
      kind: 'table',
      caption: 'What was ruled out, and why',
      columns: columns('Cause', 'Why not'),
      rows: causes.map(({ cause: name, why }) => [[name], prose(why)]),
    },
  ];
}
