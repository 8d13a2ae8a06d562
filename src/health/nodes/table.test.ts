import { describe, expect, it } from 'vitest';
import { isoAt } from '../../../test/support/objects/builders.ts';
import { aDriftedRecord, aNodeRecord } from '../../../test/support/objects/node-records.ts';
import type { FilesVerdict, NodeCheckRecord } from '../../api/node-check-record.ts';
import { NODE_CONDITION_REASONS } from '../../api/node-condition.ts';
import { nodesStatusSchema } from '../../api/nodes-status.ts';
import { isUrgent, nodeRow, nodesStatus } from './table.ts';

const table = (records: Readonly<Record<string, NodeCheckRecord | null>>) =>
  nodesStatus(new Map(Object.entries(records).map(([name, record]) => [name, nodeRow(record)])));
const many = (count: number, record: NodeCheckRecord, prefix = 'node') =>
  Object.fromEntries(Array.from({ length: count }, (_none, at) => [`${prefix}-${at}`, record]));
const differing = (verdict: FilesVerdict, message = ''): NonNullable<NodeCheckRecord['files']> => ({
  at: isoAt(5),
  nonce: 'inspection',
  verdict,
  message,
});

describe('the table of nodes', () => {
  it('counts the nodes that were checked, and what the checks have shown', () => {
    expect(table({ a: aNodeRecord(), b: aDriftedRecord(), c: null })).toMatchObject({
      total: 3,
      checked: 2,
      proven: 1,
      drifted: 1,
      summary: '2/3',
    });
  });

  it.each(['NotChecked', 'CheckFailed'] as const)(
    'does not count what was found before as checked if the condition is %s',
    (reason) => {
      expect(table({ a: aNodeRecord({ reason }), b: aDriftedRecord({ reason }) })).toMatchObject({
        summary: '0/2',
        proven: 0,
        drifted: 0,
      });
    },
  );

  it('counts a node that is wrong as drifted until a check finds it well', () => {
    expect(table({ a: aDriftedRecord({ reason: 'Repairing' }) }).drifted).toBe(1);
    expect(table({ a: aDriftedRecord({ reason: 'RepairRefused' }) }).drifted).toBe(1);
  });

  it('lists the nodes that are not known to be well, with reason, message and since when', () => {
    const wrong = aDriftedRecord({ since: 60 });
    expect(table({ well: aNodeRecord(), wrong, never: null }).notProven).toEqual([
      {
        node: 'wrong',
        reason: 'Drifted',
        message: wrong.condition.message,
        since: wrong.condition.since,
      },
    ]);
  });

  it('lists first those that wait for someone, the longest first', () => {
    const { notProven } = table({
      failing: aNodeRecord({ reason: 'CheckFailed' }),
      repairing: aDriftedRecord({ reason: 'Repairing' }),
      later: aDriftedRecord({ since: 9 }),
      sooner: aDriftedRecord({ since: 3 }),
      refused: aDriftedRecord({ reason: 'RepairRefused', since: 50 }),
    });
    expect(notProven.map(({ node }) => node)).toEqual(['refused', 'sooner', 'later', 'repairing', 'failing']);
  });

  it('knows the order of every reason but Proven', () => {
    const reasons = Object.keys(NODE_CONDITION_REASONS) as (keyof typeof NODE_CONDITION_REASONS)[];
    const listed = table(Object.fromEntries(reasons.map((reason) => [reason, aNodeRecord({ reason })])));
    expect(listed.notProven.map(({ reason }) => reason)).toEqual([
      'RolledBack',
      'RepairFailed',
      'RepairRefused',
      'Drifted',
      'AwaitingApproval',
      'Repairing',
      'CheckFailed',
      'NotChecked',
    ]);
  });

  it.each([
    ['wrong-in-file', 'PendingInFile'],
    ['right-in-file', 'NotYetInEffect'],
  ] as const)('lists a proven node whose files are %s as %s', (verdict, reason) => {
    const files = differing(verdict, 'The file sets the stub.');
    expect(table({ a: { ...aNodeRecord(), files }, b: aNodeRecord() })).toMatchObject({
      proven: 2,
      notProven: [],
      filesDiffer: [{ node: 'a', reason, message: 'The file sets the stub.', inspectedAt: isoAt(5) }],
    });
  });

  it.each(['both-right', 'both-wrong', 'unclear'] as const)('does not list files that are %s', (verdict) => {
    expect(table({ a: { ...aNodeRecord(), files: differing(verdict) } }).filesDiffer).toEqual([]);
  });

  it('lists the files of a node once, in its condition, where that is not True', () => {
    const record = { ...aDriftedRecord(), files: differing('right-in-file') };
    expect(table({ a: record })).toMatchObject({ notProven: [{ node: 'a' }], filesDiffer: [] });
  });

  it('stays small, whatever the nodes say', () => {
    const long = 'x'.repeat(40_000);
    const files = differing('wrong-in-file', long);
    const status = table({
      ...many(5_000, aDriftedRecord({ message: long })),
      ...many(5_000, { ...aNodeRecord(), files }, 'other'),
    });
    expect(status).toMatchObject({ drifted: 5_000, proven: 5_000 });
    expect(nodesStatusSchema.safeParse(status).success).toBe(true);
    expect(JSON.stringify(status).length).toBeLessThan(16_384);
  });
});

describe('a change of the table', () => {
  const before = table({ a: aNodeRecord(), b: aNodeRecord(), c: null });

  it.each([
    ['the first one', null],
    ['a node that was found wrong', { a: aDriftedRecord(), b: aNodeRecord(), c: null }],
    ['a node under repair', { a: aNodeRecord({ reason: 'Repairing' }), b: aNodeRecord(), c: null }],
    [
      'a file that became wrong',
      { a: { ...aNodeRecord(), files: differing('wrong-in-file') }, b: aNodeRecord(), c: null },
    ],
    ['a repair that went wrong', { a: aNodeRecord({ reason: 'RolledBack' }), b: aNodeRecord(), c: null }],
  ])('is urgent: %s', (_name, records) => {
    expect(records ? isUrgent(before, table(records)) : isUrgent(null, before)).toBe(true);
  });

  it('is urgent when a node that was wrong has recovered', () => {
    expect(isUrgent(table({ a: aDriftedRecord() }), table({ a: aNodeRecord() }))).toBe(true);
  });

  it.each([
    ['another check that went well', { a: aNodeRecord(), b: aNodeRecord(), c: aNodeRecord() }],
    ['checks that fail', { a: aNodeRecord({ reason: 'CheckFailed' }), b: aNodeRecord(), c: null }],
    ['a node that is gone', { a: aNodeRecord(), b: aNodeRecord() }],
  ])('can wait: %s', (_name, records) => {
    expect(isUrgent(before, table(records))).toBe(false);
  });
});
