/** The plan: what a repair would do, or was allowed to do; until when it could be answered, and who answered. */
import { type Block, code, type Line, line, prose, type Section } from '../page.ts';
import type { StoredRecord } from '../record.ts';

/** None where nothing was planned. */
export const plan = (record: StoredRecord): readonly Section[] =>
  record.status.plan ? [{ title: 'The plan', blocks: blocksOf(record, record.status.plan) }] : [];

type Plan = NonNullable<StoredRecord['status']['plan']>;

function blocksOf(record: StoredRecord, made: Plan): readonly Block[] {
  const { summary, diff, file, line: number, hash, restarts, recreates, agentImage, setting } = made;
  const where =
    file === undefined ? 'The change' : `${file}${number === undefined ? '' : `, line ${number}`}`;
  return [
    { kind: 'text', line: prose(summary) },
    ...(diff === undefined
      ? []
      : [{ kind: 'diff', caption: where, lines: diff.trimEnd().split('\n') } as const]),
    {
      kind: 'facts',
      facts: [
        ...(setting === undefined ? [] : [{ name: 'Set in', value: [code(setting)] }]),
        { name: 'Restarts', value: listed(restarts) },
        { name: 'DNS pods that are replaced', value: listed(recreates) },
        { name: 'Made', value: madeAt(made) },
        { name: 'Answer', value: answer(record, made) },
        { name: 'Hash', value: [code(hash)] },
        { name: 'Image of the agent', value: [code(agentImage)] },
      ],
    },
  ];
}

const listed = (names: readonly string[]): Line =>
  names.length === 0 ? ['None.'] : names.flatMap((name, index) => [...(index > 0 ? [', '] : []), code(name)]);

const madeAt = ({ number, madeAt: at, expiresAt }: Plan): Line => [
  `${at}, plan ${number} of this incident${expiresAt === undefined ? '' : `; it can be approved until ${expiresAt}`}.`,
];

function answer({ status }: StoredRecord, { hash }: Plan): Line {
  const { approval, phase, reason, message } = status;
  if (reason === 'Rejected') return prose(message ?? 'It was rejected.');
  if (phase === 'Expired') return ['Nobody answered in time.'];
  if (approval === undefined)
    return [phase === 'AwaitingApproval' ? 'None yet.' : 'None was asked for, or none counts.'];
  const which = approval.hash === hash ? 'this plan' : 'an earlier plan, which does not count for this one';
  return line`${code(approval.by)} approved ${which} at ${approval.at}.`;
}
