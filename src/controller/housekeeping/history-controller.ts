/** Keeps the history of a policy short: deletes ended remediations beyond its limit. */
import { deleteRemediation } from '../../effects/delete-remediation.ts';
import type { KubeClient } from '../../kube/client.ts';
import { outdated } from '../../remediation/housekeeping/history.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Result } from '../../runtime/work-queue.ts';
import type { Stores } from '../stores.ts';

interface HistoryControllerOptions {
  readonly kube: KubeClient;
  readonly stores: Pick<Stores, 'policies' | 'remediations' | 'dnsPods'>;
  readonly logger: Logger;
  readonly now: () => number;
}

/** One round deletes no more than this, so that it never takes long. */
const AT_ONCE = 20;
const NEXT_ROUND_MS = 1_000;
/** What is too young or still needed is not an event. */
const RECHECK_MS = 60 * 60_000;

/** Returns the reconcile function. The key is the policy's name. */
export function createHistoryReconciler({ kube, stores, logger, now }: HistoryControllerOptions) {
  return async function reconcile(name: string, signal: AbortSignal): Promise<Result> {
    const policy = stores.policies.get(name);
    if (!policy) return { kind: 'done' };
    const old = outdated({
      remediations: stores.remediations.list(),
      rollout: { policyUID: policy.uid, workload: policy.spec.workload },
      keep: policy.spec.limits.history,
      pods: new Set(stores.dnsPods.list().map(({ uid }) => uid)),
      now: now(),
    });
    for (const { name: remediation, uid, status } of old.slice(0, AT_ONCE)) {
      await deleteRemediation(kube, { name: remediation, uid }, signal);
      logger.info('old remediation deleted', { remediation, phase: status.phase });
    }
    return { kind: 'requeue', afterMs: old.length > AT_ONCE ? NEXT_ROUND_MS : RECHECK_MS };
  };
}
