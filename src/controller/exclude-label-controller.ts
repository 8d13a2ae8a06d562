/** Warns where a node carries the exclude label with a value that does not count, so that nobody believes it is excluded. */
import { excludeLabelIgnored } from '../remediation/events.ts';
import type { Result } from '../runtime/work-queue.ts';
import type { Narrator } from './narrator.ts';
import type { Stores } from './stores.ts';

export interface ExcludeLabelControllerOptions {
  readonly stores: Stores;
  readonly narrator: Narrator;
}

/** Returns the reconcile function. The key is a node's name. */
export function createExcludeLabelReconciler({ stores, narrator }: ExcludeLabelControllerOptions) {
  /** The last value that was warned about, by the node's uid. */
  const warned = new Map<string, string>();

  return async function reconcile(name: string): Promise<Result> {
    const mark = stores.nodeMarks.get(name);
    if (!mark) return { kind: 'done' };
    const { uid, exclude } = mark;
    if (exclude === null || exclude === 'true') {
      warned.delete(uid);
    } else if (warned.get(uid) !== exclude) {
      warned.set(uid, exclude);
      narrator.announce(excludeLabelIgnored(name, exclude));
    }
    return { kind: 'done' };
  };
}
