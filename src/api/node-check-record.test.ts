import { describe, expect, it } from 'vitest';
import { type NodeCheckRecord, parseNodeCheckRecord } from './node-check-record.ts';

const at = '2026-03-01T12:00:00.000Z';
const record: NodeCheckRecord = {
  version: 1,
  check: {
    startedAt: at,
    endedAt: at,
    why: 'KubeletStarted',
    bootID: 'b',
    kubeletVersion: 'v1.34.4',
    osImage: 'Debian GNU/Linux 13 (trixie)',
    kubeletStartedAt: at,
    outcome: 'proven',
  },
  found: { verdict: 'proven', class: 'ok', nameservers: ['192.0.2.53'], at },
  failures: 0,
  provenAt: at,
  condition: { reason: 'Proven', message: 'DNS works.', since: at, writtenAt: at },
};

describe('the record of checks in the annotation of a node', () => {
  it('is read as it was written', () => {
    expect(parseNodeCheckRecord(JSON.stringify(record))).toEqual(record);
  });

  it('may be of a node that was never checked', () => {
    const { version, failures, condition } = record;
    expect(parseNodeCheckRecord(JSON.stringify({ version, failures, condition }))).not.toBeNull();
  });

  it.each([
    ['no JSON', 'checked'],
    ['another kind of JSON', '[]'],
    ['a record of a later version', JSON.stringify({ ...record, version: 2 })],
    ['a time that is none', JSON.stringify({ ...record, provenAt: 'yesterday' })],
    [
      'a reason that does not exist',
      JSON.stringify({ ...record, condition: { ...record.condition, reason: 'Fine' } }),
    ],
  ])('counts as none if it is %s', (_name, text) => {
    expect(parseNodeCheckRecord(text)).toBeNull();
  });
});
