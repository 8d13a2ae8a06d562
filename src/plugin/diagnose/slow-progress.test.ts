import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { slowProgress } from './slow-progress.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

function started() {
  const lines: string[] = [];
  return { lines, progress: slowProgress({ line: (text = '') => void lines.push(text) }) };
}

it('is silent while a command takes less than two seconds', () => {
  const { lines, progress } = started();
  progress.say('the pods');
  vi.advanceTimersByTime(1_000);
  progress.say('the nodes');
  vi.advanceTimersByTime(999);
  progress.stop();
  vi.advanceTimersByTime(10_000);
  expect(lines).toEqual([]);
});

it('says after two seconds what is being read, and later only what takes half a second', () => {
  const { lines, progress } = started();
  progress.say('the pods');
  vi.advanceTimersByTime(2_000);
  progress.say('the nodes');
  vi.advanceTimersByTime(499);
  progress.say('the logs');
  vi.advanceTimersByTime(500);
  expect(lines).toEqual(['Reading the pods ...', 'Reading the logs ...']);
});
