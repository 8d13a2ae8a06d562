/** A node whose quarantine outlived its DNSRemediation is given back: nothing of ours stays cordoned for ever. */
import { releaseNode } from '../effects/release.ts';
import type { KubeClient } from '../kube/client.ts';
import { isConflict, isNotFound } from '../kube/errors.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Result } from '../runtime/work-queue.ts';
import type { Stores } from './stores.ts';

/** Returns the reconcile function. The key is a node's name. */
export function createOrphanReconciler(kube: KubeClient, stores: Stores, logger: Logger) {
  return async function reconcile(name: string, signal: AbortSignal): Promise<Result> {
    const mark = stores.quarantineMarks.get(name);
    if (!mark || (await exists(mark.record.remediation, signal))) return { kind: 'done' };
    logger.warn('giving back a node whose remediation is gone', {
      node: name,
      remediation: mark.record.remediation,
    });
    try {
      await releaseNode(kube, { node: name, remediation: mark.record.remediation }, signal);
    } catch (error) {
      if (isConflict(error)) return { kind: 'requeue', afterMs: 100 };
      throw error;
    }
    return { kind: 'done' };
  };

  /** Asked live: the cache may not have seen a remediation yet that was made a moment ago. */
  async function exists(remediation: string, signal: AbortSignal): Promise<boolean> {
    try {
      await kube.customResource('dnsremediations').get(remediation, signal);
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }
}
