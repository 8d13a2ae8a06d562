/** Keeps the history of a policy short: deletes ended remediations beyond its limits, and counts each one before. */
import { API_VERSION } from '../../api/keys.ts';
import { deleteRemediation } from '../../effects/delete-remediation.ts';
import type { KubeClient } from '../../kube/client.ts';
import { nullIfNotFound } from '../../kube/errors.ts';
import { parsePolicy, parseRemediations } from '../../observe/custom-resources.ts';
import { outdated } from '../../remediation/housekeeping/history.ts';
import { countedBefore } from '../../remediation/policy/totals.ts';
import type { Remediation } from '../../remediation/world.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Result } from '../../runtime/work-queue.ts';
import { ownRemediations } from '../own-remediations.ts';
import type { Stores } from '../stores.ts';
import { AFTER_CONFLICT, writeStatus } from '../write-status.ts';

interface HistoryControllerOptions {
  readonly kube: KubeClient;
  readonly stores: Pick<Stores, 'policies' | 'remediations' | 'dnsPods' | 'nodes'>;
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
  const policies = kube.customResource<object>(API_VERSION, 'dnshealthpolicies');
  const remediations = kube.customResource<object>(API_VERSION, 'dnsremediations');
  return async function reconcile(name: string, signal: AbortSignal): Promise<Result> {
    const policy = stores.policies.get(name);
    if (!policy) return { kind: 'done' };
    const old = outdated({
      remediations: ownRemediations(policy, stores),
      keep: policy.spec.limits,
      pods: new Set(stores.dnsPods.list().map(({ uid }) => uid)),
      nodes: new Set(stores.nodes.list().map(({ uid }) => uid)),
      now: now(),
    });
    if (old.length === 0) return { kind: 'requeue', afterMs: RECHECK_MS };
    const round = await counted(name, policy.uid, old.slice(0, AT_ONCE), signal);
    if (round === null) return AFTER_CONFLICT;
    for (const { name: remediation, uid, status } of round) {
      await deleteRemediation(kube, { name: remediation, uid }, signal);
      logger.info('old remediation deleted', { remediation, phase: status.phase });
    }
    return { kind: 'requeue', afterMs: old.length > AT_ONCE ? NEXT_ROUND_MS : RECHECK_MS };
  };

  /**
   * Writes into `status.past` of the policy those of them that still exist, with its resourceVersion, before they are
   * deleted. null: it was changed in the meantime, or is gone. An operator that is killed in between finds their uids there,
   * and does not count them twice. Their uids are forgotten once they are gone, so that a cache that is behind must not make
   * one of them be counted again: each is read after the policy.
   */
  async function counted(
    name: string,
    uid: string,
    round: readonly Remediation[],
    signal: AbortSignal,
  ): Promise<readonly Remediation[] | null> {
    const raw = await nullIfNotFound(policies.get(name, signal));
    if (raw === null) return null;
    const policy = parsePolicy(raw);
    if (policy.uid !== uid) return null;
    const live: Remediation[] = [];
    for (const one of round) if (await exists(one, signal)) live.push(one);
    const known = new Set(stores.remediations.list().map((one) => one.uid));
    const past = countedBefore(policy.status.past, live, known);
    const change = { raw, before: policy.status, after: { ...policy.status, past } };
    return (await writeStatus(policies, name, change, signal)).kind === 'overtaken' ? null : live;
  }

  async function exists({ name, uid }: Remediation, signal: AbortSignal): Promise<boolean> {
    const raw = await nullIfNotFound(remediations.get(name, signal));
    return raw !== null && parseRemediations([raw])[0]?.uid === uid;
  }
}
