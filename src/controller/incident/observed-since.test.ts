import { describe, expect, it } from 'vitest';
import { createObservedSince } from './observed-since.ts';

const incident = { name: 'node-1-incident', uid: 'uid-1' };

describe('an incident is observed', () => {
  it('since it was first read, for as long as it is read again within half a minute', () => {
    const observed = createObservedSince();
    expect([0, 5_000, 35_000, 65_000].map((now) => observed.read(incident, now))).toEqual([0, 0, 0, 0]);
  });

  it('since the first read after a longer gap: an outage of the API server, or a process that was frozen', () => {
    const observed = createObservedSince();
    expect([0, 5_000, 605_000, 610_000].map((now) => observed.read(incident, now))).toEqual([
      0, 0, 605_000, 605_000,
    ]);
  });

  it('on its own: a new incident of the same name, or one that was forgotten, begins again', () => {
    const observed = createObservedSince();
    observed.read(incident, 0);
    expect(observed.read({ name: 'node-2-incident', uid: 'uid-2' }, 1_000)).toBe(1_000);
    expect(observed.read({ ...incident, uid: 'uid-3' }, 2_000)).toBe(2_000);
    observed.forget(incident.name);
    expect(observed.read(incident, 3_000)).toBe(3_000);
  });
});
