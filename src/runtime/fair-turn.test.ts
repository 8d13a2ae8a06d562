import { expect, it } from 'vitest';
import { createWorkQueue } from './work-queue.ts';

const burn = (ms: number): void => {
  const end = performance.now() + ms;
  while (performance.now() < end);
};

it('lets probes and watches run while a queue processes keys that do no I/O', async () => {
  const worked: string[] = [];
  const queue = createWorkQueue(
    async (key) => {
      burn(1);
      worked.push(key);
      return { kind: 'done' };
    },
    { concurrency: 1 },
  );
  for (let key = 0; key < 60; key++) queue.add(`key-${key}`);
  const seenByOthers: number[] = [];
  while (worked.length < 60) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    seenByOthers.push(worked.length);
  }
  // Sixty milliseconds of work in turns of about five: nothing has to wait for all of it.
  expect(seenByOthers.length).toBeGreaterThan(4);
  await queue.shutdown(0);
});
