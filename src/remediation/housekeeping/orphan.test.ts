import { describe, expect, it } from 'vitest';
import { at, isoAt } from '../../../test/support/objects/builders.ts';
import { type Holder, judgeMark, orphanReleased } from './orphan.ts';

const record = (since: string) =>
  JSON.stringify({ remediation: 'x', strategy: 'Taint', wasUnschedulable: false, since });
const judge = (holder: Holder, now: number, { text = record(isoAt(0)), firstSeen = at(0) } = {}) =>
  judgeMark({ text, holder, firstSeen, now });

describe('the mark of a node', () => {
  it('is removed at once if the remediation that it names does not exist', () => {
    expect(judge('gone', at(0))).toMatchObject({ kind: 'release' });
  });

  it.each(['none', 'unreadable', 'over'] as const)(
    'is removed a minute after the longest quarantine if its remediation is %s',
    (holder) => {
      expect(judge(holder, at(599))).toEqual({ kind: 'keep', recheckMs: 1_000 });
      expect(judge(holder, at(600))).toMatchObject({ kind: 'release' });
    },
  );

  it('is kept while its remediation works, however old it is', () => {
    expect(judge('open', at(3600))).toEqual({ kind: 'keep', recheckMs: 60_000 });
  });

  it.each([['mine'], ['{"version":2}'], [record('soon')], [record(isoAt(86_400))]])(
    'counts from when it was first seen if it has no time, or one in the future: %s',
    (text) => {
      expect(judge('none', at(699), { text, firstSeen: at(100) }).kind).toBe('keep');
      expect(judge('none', at(700), { text, firstSeen: at(100) }).kind).toBe('release');
    },
  );
});

describe('the event of a release without a remediation', () => {
  it.each([
    ['removed', 'The cordon of the operator was removed'],
    ['kept', 'kubectl uncordon node-1'],
    ['none', 'The node is schedulable'],
  ] as const)('says what became of the cordon: %s', (cordon, text) => {
    const event = orphanReleased('node-1', 'of a test', cordon);
    expect(event).toMatchObject({ type: 'Warning', about: [{ kind: 'node', name: 'node-1' }] });
    expect(event.note).toContain(text);
    expect(event.note).toContain('because of a test');
  });
});
