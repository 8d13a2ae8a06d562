/** Warns about a node whose exclude label has a value that does not count, because the node is not excluded. */
import { excludeLabelIgnored } from '../../remediation/record/node-events.ts';
import type { Result } from '../../runtime/work-queue.ts';
import type { Narrator } from '../narrator.ts';
import type { Stores } from '../stores.ts';

interface ExcludeLabelControllerOptions {
  readonly stores: Stores;
  readonly narrator: Narrator;
}

/** Returns the reconcile function. The key is a node's name. */
export function createExcludeLabelReconciler({ stores, narrator }: ExcludeLabelControllerOptions) {
  /** The last warning, by the node's name. A node that is created again has another uid. */
  const warned = new Map<string, { readonly uid: string; readonly value: string }>();

  return async function reconcile(name: string): Promise<Result> {
    const { uid = '', exclude: value = null } = stores.nodeMarks.get(name) ?? {};
    if (value === null || value === 'true') {
      warned.delete(name);
      return { kind: 'done' };
    }
    const last = warned.get(name);
    if (last?.uid === uid && last.value === value) return { kind: 'done' };
    warned.set(name, { uid, value });
    narrator.announce(excludeLabelIgnored(name, value));
    return { kind: 'done' };
  };
}
