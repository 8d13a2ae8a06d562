import { describe, expect, it } from 'vitest';
import { aDnsPod, aLoopingPod, aPolicySpec, aSituation, at } from '../../../test/support/objects/builders.ts';
import { pass } from '../verdict.ts';
import type { DnsPodView } from '../world.ts';
import { windowOpen } from './window-open.ts';

// It is 12:00 in UTC.
const nightly = { cron: '0 22 * * *', duration: '4h' };
const asked = (maintenance: object, dnsPods: readonly DnsPodView[] = [aLoopingPod(), aDnsPod()]) =>
  windowOpen(aSituation({ policy: aPolicySpec({ maintenance }), now: at(0), world: { dnsPods } }));

describe('outside of the windows', () => {
  it('a repair waits, and is decided on when the next one opens', () => {
    expect(asked({ windows: [nightly] })).toEqual({
      kind: 'wait',
      reason: 'OutsideWindow',
      message:
        'No maintenance window of the policy is open. The next one opens at 2026-03-01T22:00:00.000Z ("0 22 * * *", UTC).',
      recheckMs: 10 * 3_600_000,
    });
  });

  it('what is urgent proceeds if the policy wants that: no DNS pod serves', () => {
    const urgent = { windows: [nightly], urgent: 'Proceed' };
    expect(asked(urgent, [aLoopingPod()])).toEqual(pass);
    expect(asked(urgent, [])).toEqual(pass);
    expect(asked(urgent, [aDnsPod({ answers: false })])).toEqual(pass);
    expect(asked({ windows: [nightly] }, [aLoopingPod()])).toMatchObject({ kind: 'wait' });
  });

  it('nothing is urgent while a DNS pod serves; that is looked at each minute', () => {
    expect(asked({ windows: [nightly], urgent: 'Proceed' })).toMatchObject({
      reason: 'OutsideWindow',
      recheckMs: 60_000,
    });
  });

  it('a window that cannot be read keeps repairs from beginning, and the message says what is wrong with it', () => {
    // As an API server that knew the time zone has stored it.
    const stored = { ...nightly, timeZone: 'Mars/Olympus' };
    const policy = { ...aPolicySpec(), maintenance: { windows: [stored], urgent: 'Wait' as const } };
    expect(windowOpen(aSituation({ policy, now: at(0) }))).toMatchObject({
      reason: 'OutsideWindow',
      message: expect.stringMatching(/None ever opens\. spec\.maintenance\.windows\[0\].*Mars\/Olympus/),
    });
  });
});

it('within a window, and without any, a repair may begin', () => {
  expect(asked({ windows: [{ cron: '0 11 * * *', duration: '2h' }] })).toEqual(pass);
  expect(asked({})).toEqual(pass);
});
