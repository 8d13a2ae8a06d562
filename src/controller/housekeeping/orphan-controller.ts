/** Ends a quarantine that its DNSRemediation cannot end: deleted, unreadable, or overdue. No node is held for ever. */

import { API_VERSION } from '../../api/keys.ts';
import { FINAL_PHASES } from '../../api/remediation.ts';
import { releaseOrphan } from '../../effects/release.ts';
import type { KubeClient } from '../../kube/client.ts';
import { isConflict, nullIfNotFound } from '../../kube/errors.ts';
import { parseRemediations } from '../../observe/custom-resources.ts';
import type { NodeMark } from '../../observe/node-mark.ts';
import { type Holder, judgeMark, orphanReleased } from '../../remediation/housekeeping/orphan.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Result } from '../../runtime/work-queue.ts';
import type { Narrator } from '../narrator.ts';
import type { Stores } from '../stores.ts';
import { AFTER_CONFLICT } from '../write-status.ts';

interface OrphanControllerOptions {
  readonly kube: KubeClient;
  readonly stores: Stores;
  readonly narrator: Narrator;
  readonly logger: Logger;
  readonly now: () => number;
}

/** Returns the reconcile function. The key is a node's name. */
export function createOrphanReconciler({ kube, stores, narrator, logger, now }: OrphanControllerOptions) {
  const remediations = kube.customResource<object>(API_VERSION, 'dnsremediations');
  /** When each annotation was first seen, by the node's name. */
  const seen = new Map<string, { readonly text: string; readonly at: number }>();

  return async function reconcile(name: string, signal: AbortSignal): Promise<Result> {
    const mark = stores.nodeMarks.get(name);
    if (!mark || mark.text === null) {
      seen.delete(name);
      return { kind: 'done' };
    }
    const { text } = mark;
    const holder = await holderOf(mark, signal);
    const verdict = judgeMark({ text, holder, firstSeen: firstSeen(name, text), now: now() });
    if (verdict.kind === 'keep') return { kind: 'requeue', afterMs: verdict.recheckMs };
    const { because } = verdict;
    logger.warn('releasing a node without its remediation', { node: name, annotation: text, because });
    try {
      const cordon = await releaseOrphan(kube, { node: name, text }, signal);
      if (cordon !== null) narrator.announce(orphanReleased(name, because, cordon));
    } catch (error) {
      if (isConflict(error)) return AFTER_CONFLICT;
      throw error;
    }
    return { kind: 'done' };
  };

  function firstSeen(node: string, text: string): number {
    const known = seen.get(node);
    if (known?.text === text) return known.at;
    seen.set(node, { text, at: now() });
    return now();
  }

  /** A live read: the cache may not contain a remediation yet that was created a moment ago. */
  async function holderOf({ name, record }: NodeMark, signal: AbortSignal): Promise<Holder> {
    if (!record) return 'none';
    const raw = await nullIfNotFound(remediations.get(record.remediation, signal));
    if (raw === null) return 'gone';
    const [remediation] = parseRemediations([raw]);
    if (!remediation) return 'unreadable';
    const isAnother = record.uid !== undefined && record.uid !== remediation.uid;
    if (isAnother || remediation.spec.node.name !== name) return 'gone';
    if (remediation.unreadable !== null) return 'unreadable';
    return FINAL_PHASES.includes(remediation.status.phase) ? 'over' : 'open';
  }
}
