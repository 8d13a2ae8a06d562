/** A work queue's handler whose runs are ended one by one by the test. */
import type { Handle, Result } from '../work-queue.ts';

export function createManualHandler() {
  const running = new Map<string, PromiseWithResolvers<Result>>();
  const started: string[] = [];
  const handle: Handle<string> = (key) => {
    started.push(key);
    const run = Promise.withResolvers<Result>();
    running.set(key, run);
    return run.promise;
  };
  return {
    handle,
    started,
    finish: (key: string, result: Result = { kind: 'done' }) => running.get(key)?.resolve(result),
    fail: (key: string, error: Error = new Error('no')) => running.get(key)?.reject(error),
  };
}
