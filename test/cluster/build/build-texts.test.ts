import { describe, expect, it, test } from 'vitest';
import { announcement, buildLine, clock, startLine, usualSeconds } from './build-texts.ts';

const KUBERNETES = '[2/7] kubernetes';

test.each([
  [0, '0:00'],
  [59.9, '0:59'],
  [65.4, '1:05'],
  [605, '10:05'],
])('%d seconds are %s', (seconds, text) => {
  expect(clock(seconds)).toBe(text);
});

describe('the usual time', () => {
  it('is shorter with more cores, but not by the part that cores do not help with', () => {
    const [one, two, many] = [1, 2, 64].map((cores) => usualSeconds('kubernetes', cores));
    expect(one).toBeGreaterThan(two ?? 0);
    expect(two).toBeGreaterThan(many ?? 0);
    expect(many).toBeGreaterThan(60);
  });

  it('is a moment for a build that is not in the table', () => {
    expect(usualSeconds('pause', 2)).toBe(0);
  });
});

describe('the line of a build', () => {
  it('names the usual time at the start', () => {
    expect(startLine(KUBERNETES, 'building', 505)).toBe('[2/7] kubernetes: building, about 9 minutes');
    expect(startLine('[1/7] node-root', 'building', 38)).toBe('[1/7] node-root: building, about 40 s');
    expect(startLine('[5/7] pause', 'building', 0)).toBe('[5/7] pause: building, a few seconds');
  });

  it('shows the time that has passed beside the usual one', () => {
    expect(buildLine(KUBERNETES, 'building', 200, 505)).toBe(
      '[2/7] kubernetes: building, 3:20 of about 9 minutes',
    );
  });

  it('marks a build that takes longer than usual', () => {
    expect(buildLine(KUBERNETES, 'building', 540, 505)).toBe(
      '[2/7] kubernetes: building, 9:00 of about 9 minutes',
    );
    expect(buildLine(KUBERNETES, 'building', 541, 505)).toBe(
      '[2/7] kubernetes: building, 9:01, longer than usual (about 9 minutes)',
    );
  });

  it('names a build that waits for another process', () => {
    expect(buildLine(KUBERNETES, 'waiting', 61, 505)).toBe(
      '[2/7] kubernetes: waiting for another process that builds it, 1:01 of about 9 minutes',
    );
  });
});

describe('the announcement', () => {
  it('has the number of builds and the time they take', () => {
    expect(announcement({ builds: 7, seconds: 613, cores: 2, cached: 0 })).toBe(
      '7 builds first, about 11 minutes with 2 cores; later starts use the cache',
    );
  });

  it('counts what is cached separately', () => {
    expect(announcement({ builds: 1, seconds: 23, cores: 1, cached: 6 })).toBe(
      '1 build first, about 30 s with 1 core; 6 already in the cache',
    );
  });
});
