/** Answers a person's request to take a repair back with a record of its own, and names that in the record of the repair. */
import { createHash } from 'node:crypto';
import { API_VERSION } from '../../api/keys.ts';
import { MAX_ROLLBACKS } from '../../api/remediation.ts';
import { claimIncident } from '../../effects/claim-incident.ts';
import type { KubeClient } from '../../kube/client.ts';
import { nullIfNotFound } from '../../kube/errors.ts';
import { parseRemediations } from '../../observe/custom-resources.ts';
import { decideRollback } from '../../remediation/claim/rollback-claim.ts';
import { isRolledBackOnRequest } from '../../remediation/facts.ts';
import { isoTime } from '../../remediation/record/conditions.ts';
import { rollbackRequested } from '../../remediation/record/rollback-events.ts';
import type { Remediation } from '../../remediation/world.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Result } from '../../runtime/work-queue.ts';
import type { Narrator } from '../narrator.ts';
import type { Stores } from '../stores.ts';
import { AFTER_CONFLICT, writeStatus } from '../write-status.ts';

interface RollbackControllerOptions {
  readonly kube: KubeClient;
  readonly stores: Pick<Stores, 'remediations'>;
  readonly narrator: Narrator;
  readonly logger: Logger;
  readonly now: () => number;
}

const DONE: Result = { kind: 'done' };

/** Returns the reconcile function. The key is the name of the remediation that is to be undone, or was. */
export function createRollbackReconciler(options: RollbackControllerOptions) {
  const { kube, stores, narrator, logger, now } = options;
  const api = kube.customResource<object>(API_VERSION, 'dnsremediations');

  return async function reconcile(name: string, signal: AbortSignal): Promise<Result> {
    const known = stores.remediations.get(name);
    if (!known || (known.rollbackAsked === null && undoneBy(known) === undefined)) return DONE;
    const raw = await nullIfNotFound(api.get(name, signal));
    const [original] = raw === null ? [] : parseRemediations([raw]);
    if (raw === null || !original || original.unreadable !== null) return DONE;

    const by = undoneBy(original);
    if (by !== undefined) {
      const after = { ...original.status, rolledBackBy: by };
      const written = await writeStatus(api, name, { raw, before: original.status, after }, signal);
      return written.kind === 'overtaken' ? AFTER_CONFLICT : { kind: 'requeue', afterMs: 0 };
    }
    return original.rollbackAsked === null ? DONE : answer(raw, original, original.rollbackAsked, signal);
  };

  /** The rollback that has undone it, if the record does not say so yet. */
  function undoneBy({ uid, status }: Remediation): string | undefined {
    if (status.rolledBackBy !== undefined) return undefined;
    return stores.remediations
      .list()
      .find(
        (one) =>
          one.spec.trigger === 'Rollback' && one.spec.rollback.of.uid === uid && isRolledBackOnRequest(one),
      )?.name;
  }

  /** The record first, then its name: killed in between, the next look finds the record. */
  async function answer(
    raw: object,
    original: Remediation,
    asked: NonNullable<Remediation['rollbackAsked']>,
    signal: AbortSignal,
  ): Promise<Result> {
    const decision = decideRollback(original, asked, stores.remediations.list(), {
      digest,
      now: isoTime(now()),
    });
    if (decision.kind === 'not-yet' || decision.kind === 'answered') return DONE;
    const { name } = decision;
    if (decision.kind === 'claim' && (await claimIncident(kube, decision, signal)) === 'created') {
      logger.info('rollback requested', { remediation: name, of: original.name, by: asked.by });
      narrator.announce(rollbackRequested(original, asked, name));
    }
    const { status: before } = original;
    const after = { ...before, rollbacks: [...before.rollbacks, name].slice(-MAX_ROLLBACKS) };
    const written = await writeStatus(api, original.name, { raw, before, after }, signal);
    return written.kind === 'overtaken' ? AFTER_CONFLICT : DONE;
  }
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
