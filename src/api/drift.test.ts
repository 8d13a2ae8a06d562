import { describe, expect, it } from 'vitest';
import { driftPolicySchema } from './drift.ts';

const parse = (interval: string) => driftPolicySchema.safeParse({ interval });

describe('the interval of checks in a policy', () => {
  it.each(['24h', '10m', '600s', '1h30m', '0', '0s', '8760h'])('may be %s', (interval) => {
    expect(parse(interval).success).toBe(true);
  });

  it.each(['9m59s', '1s', '0.1s'])('is too short with %s', (interval) => {
    expect(parse(interval).error?.issues).toMatchObject([
      { path: ['interval'], message: 'interval must be 0 or at least 10m' },
    ]);
  });

  it.each(['', '1d', '24', '-24h', 'never', '9999999h'])('may not be "%s"', (interval) => {
    expect(parse(interval).error?.issues).toHaveLength(1);
  });

  it('is a day, with five checks at the same time and two repairs a day, unless the policy says otherwise', () => {
    expect(driftPolicySchema.parse(undefined)).toEqual({
      interval: '24h',
      maxConcurrent: 5,
      alsoFiles: 'Off',
      maxRepairs: 2,
    });
  });
});
