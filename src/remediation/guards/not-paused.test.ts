import { describe, expect, it } from 'vitest';
import { aPolicySpec, at, isoAt } from '../../../test/support/objects/builders.ts';
import { pass } from '../verdict.ts';
import { notPaused } from './not-paused.ts';

const under = (pause: readonly object[], pauseOfAll: { reason: string; by: string } | null = null) =>
  notPaused({ policy: aPolicySpec({ pause: pause as [] }), world: { pauseOfAll }, now: at(0) });
const upgrade = { reason: 'upgrade to 1.36', by: 'anna@example.com' };

describe('no repair begins', () => {
  it('while a person has paused the policy; the message says who and why', () => {
    expect(under([upgrade])).toEqual({
      kind: 'wait',
      reason: 'Paused',
      message:
        'The policy is paused: "upgrade to 1.36" (anna@example.com). What has begun ends; nothing else begins.',
      recheckMs: 600_000,
    });
  });

  it('until the moment at which a pause ends by itself', () => {
    const ending = { ...upgrade, until: isoAt(60) };
    expect(under([ending])).toMatchObject({ reason: 'Paused', recheckMs: 60_000 });
    expect(under([{ ...upgrade, until: isoAt(0) }])).toEqual(pass);
  });

  it('while one of several pauses holds, whoever set it', () => {
    const over = { ...upgrade, until: isoAt(-1) };
    const other = { reason: 'incident 4711', by: 'bert' };
    expect(under([over, other])).toMatchObject({ message: expect.stringContaining('incident 4711') });
  });

  it('under any policy while the namespace of the operator says so', () => {
    expect(under([], { reason: 'three in the morning', by: 'anna' })).toMatchObject({
      reason: 'Paused',
      message: expect.stringContaining('namespace dnshealth-system: "three in the morning" (anna)'),
    });
  });
});

it('a repair may begin where nobody has paused anything', () => {
  expect(under([])).toEqual(pass);
});
