/** Answers a person's request to take a repair back with a record of its own, and names that in the record of the repair. */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { assertNever } from '../../api/assert-never.ts';
import { API_VERSION } from '../../api/keys.ts';
import { claimIncident } from '../../effects/claim-incident.ts';
import { takeRollbackRequest } from '../../effects/take-rollback-request.ts';
import type { KubeClient } from '../../kube/client.ts';
import { nullIfNotFound } from '../../kube/errors.ts';
import { parseRemediations } from '../../observe/custom-resources.ts';
import { decideRollback } from '../../remediation/claim/rollback-claim.ts';
import { isRolledBackOnRequest } from '../../remediation/facts.ts';
import { isoTime } from '../../remediation/record/conditions.ts';
import { rollbackAnswered, rollbackRequested } from '../../remediation/record/rollback-events.ts';
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
const versionSchema = z.object({ metadata: z.object({ resourceVersion: z.string() }) });

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
      return written === 'overtaken' ? AFTER_CONFLICT : { kind: 'requeue', afterMs: 0 };
    }
    return original.rollbackAsked === null
      ? DONE
      : answer(original, original.rollbackAsked, versionSchema.parse(raw), signal);
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

  async function answer(
    original: Remediation,
    asked: NonNullable<Remediation['rollbackAsked']>,
    { metadata: { resourceVersion } }: z.infer<typeof versionSchema>,
    signal: AbortSignal,
  ): Promise<Result> {
    const decision = decideRollback(original, asked, stores.remediations.list(), {
      digest,
      now: isoTime(now()),
    });
    switch (decision.kind) {
      case 'not-yet':
        return DONE;
      case 'claim': {
        const claimed = await claimIncident(kube, decision, signal);
        if (claimed === 'created') {
          logger.info('rollback requested', { remediation: decision.name, of: original.name, by: asked.by });
          narrator.announce(rollbackRequested(original, asked, decision.name));
        }
        break;
      }
      case 'answered':
      case 'under-way':
        narrator.announce(rollbackAnswered(original, asked, decision));
        break;
      default:
        return assertNever(decision);
    }
    const { name, uid } = original;
    const taken = await takeRollbackRequest(kube, { name, uid, resourceVersion }, signal);
    return taken === 'overtaken' ? AFTER_CONFLICT : DONE;
  }
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
