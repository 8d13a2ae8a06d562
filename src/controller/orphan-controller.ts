/** Releases a node whose DNSRemediation was deleted while it was in quarantine, so that no node stays cordoned forever. */
import { API_VERSION } from '../api/keys.ts';
import { releaseNode } from '../effects/release.ts';
import type { KubeClient } from '../kube/client.ts';
import { isConflict, nullIfNotFound } from '../kube/errors.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Result } from '../runtime/work-queue.ts';
import type { Stores } from './stores.ts';
import { AFTER_CONFLICT } from './write-status.ts';

interface OrphanControllerOptions {
  readonly kube: KubeClient;
  readonly stores: Stores;
  readonly logger: Logger;
}

/** Returns the reconcile function. The key is a node's name. */
export function createOrphanReconciler({ kube, stores, logger }: OrphanControllerOptions) {
  const remediations = kube.customResource<object>(API_VERSION, 'dnsremediations');

  return async function reconcile(name: string, signal: AbortSignal): Promise<Result> {
    const record = stores.nodeMarks.get(name)?.record;
    if (!record || (await exists(record.remediation, signal))) return { kind: 'done' };
    logger.warn('releasing a node whose remediation was deleted', {
      node: name,
      remediation: record.remediation,
    });
    try {
      await releaseNode(kube, { node: name, remediation: record.remediation }, signal);
    } catch (error) {
      if (isConflict(error)) return AFTER_CONFLICT;
      throw error;
    }
    return { kind: 'done' };
  };

  /** A live read: the cache may not contain a remediation yet that was created a moment ago. */
  async function exists(remediation: string, signal: AbortSignal): Promise<boolean> {
    return (await nullIfNotFound(remediations.get(remediation, signal))) !== null;
  }
}
