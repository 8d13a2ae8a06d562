/** The change on the node: the diff, the file, its hashes, its backup, the restarts of the kubelet. */
import { holdsChange, plural } from '../facts.ts';
import { type Block, code, line, NOT_RECORDED, prose, type Section } from '../page.ts';
import type { StoredRecord } from '../record.ts';

export const change = (record: StoredRecord): Section => ({ title: 'The change', blocks: blocksOf(record) });

function blocksOf(record: StoredRecord): readonly Block[] {
  const { repair } = record.status;
  const made = repair?.change;
  if (!repair || !made)
    return [{ kind: 'text', line: line`Nothing was written to the node. ${prose(repair?.message ?? '')}` }];
  const { path, line: number, before, after, sha256Before, sha256After, backup, owner, mode, diff } = made;
  const { kubelet } = repair;
  return [
    ...(holdsChange(record) || record.spec.trigger === 'Rollback'
      ? []
      : [
          {
            kind: 'note',
            line: ['The change was undone, or its end is not known: see the timeline.'],
          } as const,
        ]),
    {
      kind: 'diff',
      caption: `${path}, line ${number}`,
      lines: diff === undefined ? withoutDiff(before, after) : diff.trimEnd().split('\n'),
    },
    {
      kind: 'facts',
      facts: [
        { name: 'File', value: [code(path)] },
        {
          name: 'Owner and mode',
          value:
            owner === undefined || mode === undefined
              ? NOT_RECORDED
              : line`${code(owner)}, ${code(mode)}; both are kept.`,
        },
        { name: 'SHA-256 before', value: [code(sha256Before)] },
        { name: 'SHA-256 after', value: [code(sha256After)] },
        { name: 'Backup on the node', value: [code(backup)] },
        {
          name: 'Kubelet',
          value: kubelet
            ? [
                `${plural(kubelet.restarts, 'restart')}, process ${kubelet.pidBefore} before and ${kubelet.pidAfter} after${kubelet.startedBefore === undefined ? '' : `; the old one had been started at ${kubelet.startedBefore}`}.`,
              ]
            : NOT_RECORDED,
        },
        { name: 'Watched afterwards', value: watched(record) },
      ],
    },
  ];
}

const withoutDiff = (before: string, after: string): readonly string[] => [
  ...(before === '' ? [] : [`-${before}`]),
  `+${after}`,
];

function watched({ status }: StoredRecord) {
  if (status.guard) return prose(status.guard.message);
  if (status.repair?.outcome === 'corrected') return ['Not needed: the kubelet was not restarted.'];
  if (status.repair?.watched === true) return ['By the agent itself, to the end.'];
  return NOT_RECORDED;
}
