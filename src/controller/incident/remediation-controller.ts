/** The loop body: reads the world, asks `remediation/` for the one next action, does it and records it. */

import { createHash } from 'node:crypto';
import { assertNever } from '../../api/assert-never.ts';
import { API_VERSION } from '../../api/keys.ts';
import type { RemediationStatus } from '../../api/remediation.ts';
import { NotOursError } from '../../effects/not-ours.ts';
import type { KubeClient } from '../../kube/client.ts';
import { isConflict, nullIfNotFound } from '../../kube/errors.ts';
import { parseRemediations } from '../../observe/custom-resources.ts';
import type { Ownership } from '../../observe/ownership.ts';
import { findRecurrence } from '../../observe/recurrence.ts';
import { conclude, findingsAfter, onlyAsks } from '../../remediation/conclude.ts';
import { isUnderRepair } from '../../remediation/facts.ts';
import { plan } from '../../remediation/plan.ts';
import { unreadable } from '../../remediation/record/events.ts';
import { afterEffect } from '../../remediation/record/status.ts';
import type { Effect } from '../../remediation/verdict.ts';
import type { Situation, World } from '../../remediation/world.ts';
import { type Logger, withLogContext } from '../../runtime/logger.ts';
import type { Result } from '../../runtime/work-queue.ts';
import type { ClusterDns } from '../dns-pods/cluster-dns.ts';
import type { KubernetesService } from '../dns-pods/kubernetes-service.ts';
import { labelsOf, policyOf } from '../dns-pods/policies.ts';
import { watchUpTimes } from '../dns-pods/up-times.ts';
import type { DomainMetrics } from '../domain-metrics.ts';
import type { Narrator } from '../narrator.ts';
import type { EligibleNodes } from '../nodes/eligible-nodes.ts';
import type { KubeletStarts } from '../nodes/kubelet-starts.ts';
import { URGENT } from '../priorities.ts';
import type { PodHealths } from '../prober/pod-healths.ts';
import type { Settings } from '../settings.ts';
import type { Stores } from '../stores.ts';
import { AFTER_CONFLICT, writeStatus } from '../write-status.ts';
import { carryOut } from './carry-out.ts';
import { createLastAnswers } from './last-answers.ts';
import { createObservedSince } from './observed-since.ts';
import { readWorld, withLiveRemediations } from './read-world.ts';
import { createRecentEffects } from './recent-effects.ts';
import { createRest } from './rest.ts';

interface RemediationControllerOptions {
  readonly kube: KubeClient;
  readonly stores: Stores;
  readonly ownership: Ownership;
  readonly healths: PodHealths;
  readonly eligible: EligibleNodes;
  readonly starts: Pick<KubeletStarts, 'of'>;
  readonly settings: Settings;
  readonly kubernetesService: KubernetesService;
  readonly clusterDns: ClusterDns;
  readonly narrator: Narrator;
  readonly metrics: DomainMetrics;
  readonly logger: Logger;
  readonly now: () => number;
}

/** Only others can resolve this, so retry slowly. */
const NOT_OURS_MS = 2_000;
const DONE: Result = { kind: 'done' };
/** The action was taken and recorded; the next one is decided from a fresh read, before that of any that waits. */
const AGAIN: Result = { kind: 'requeue', afterMs: 0, priority: URGENT };
const AFTER_OVERTAKEN: Result = { ...AFTER_CONFLICT, priority: URGENT };

/** Returns the reconcile function. The key is the remediation's name. */
export function createRemediationReconciler(options: RemediationControllerOptions) {
  const { kube, stores, eligible, logger, now } = options;
  const api = kube.customResource<object>(API_VERSION, 'dnsremediations');
  const observed = createObservedSince();
  const upTimes = watchUpTimes(stores.dnsPods, now);
  const recent = createRecentEffects();
  const answers = createLastAnswers();
  const rest = createRest(stores, eligible, now);
  const sources = { ...options, upTimes, agentImage: options.settings.agentImage };

  return async (name: string, signal: AbortSignal): Promise<Result> =>
    withLogContext({ remediation: name }, async () => reconcile(name, signal));

  async function reconcile(name: string, signal: AbortSignal): Promise<Result> {
    const restMs = rest.leftMs(name);
    if (restMs > 0) return { kind: 'requeue', afterMs: restMs };
    rest.forget(name);
    const raw = answers.take(name, now()) ?? (await nullIfNotFound(api.get(name, signal)));
    if (raw === null) {
      observed.forget(name);
      recent.forget(name);
      return DONE;
    }
    const [remediation] = parseRemediations([raw]);
    if (!remediation) {
      // The watch reports it with an event. Trying again would not help.
      logger.warn('remediation does not say whose it is, ignoring it');
      return DONE;
    }
    if (remediation.unreadable !== null) {
      // Its node is released by the orphan controller, after its time.
      options.narrator.announce(unreadable(remediation));
      return DONE;
    }
    const policy = policyOf(
      remediation,
      stores.policies.list(),
      labelsOf(stores.nodes, remediation.spec.node.name),
    );
    const situationIn = (world: World): Situation => ({
      policy: policy?.spec ?? null,
      remediation,
      world,
      now: now(),
      observedSince: observed.read(remediation, now()),
      digest,
    });
    let situation = situationIn(await readWorld(sources, remediation, now(), signal));
    let verdict = plan(situation);
    if (verdict.kind === 'record' && verdict.finding.kind === 'admitted') {
      situation = situationIn(await withLiveRemediations(kube, situation.world, remediation, signal));
      verdict = plan(situation);
    }

    if (verdict.kind !== 'act') recent.forget(name);
    let next: RemediationStatus;
    let result = AGAIN;
    switch (verdict.kind) {
      case 'pass':
        observed.forget(name);
        return DONE;
      case 'act': {
        const pauseMs = recent.pauseMs(name, verdict.effect, now());
        if (pauseMs > 0) return { kind: 'requeue', afterMs: pauseMs, priority: URGENT };
        const done = await tryEffect(verdict.effect, situation, signal);
        if (!('status' in done)) return done;
        next = done.status;
        break;
      }
      case 'record':
      case 'wait':
      case 'end': {
        const { status, last } = conclude(verdict, situation);
        next = status;
        if (last.kind === 'end')
          next.recurrence = [...(await findRecurrence(kube, next.repair, situation.world.node, signal))];
        if (last.kind === 'wait') {
          rest.waits({ ...remediation, status }, last.recheckMs);
          result = {
            kind: 'requeue',
            afterMs: last.recheckMs,
            priority: isUnderRepair({ ...remediation, status }) ? URGENT : 0,
          };
        }
        break;
      }
      default:
        return assertNever(verdict);
    }

    const change = { raw, before: remediation.status, after: next };
    const written = await writeStatus(api, name, change, signal);
    // What was done but not recorded is done again or recognised as done.
    if (written.kind === 'overtaken') return AFTER_OVERTAKEN;
    if (written.kind === 'written') {
      options.narrator.recordTransition(remediation, next);
      options.metrics.follow(remediation, next);
      if (result === AGAIN) answers.keep(name, written.raw, now());
    }
    return result;
  }

  /** @returns the status after the effect, or when to try again if others were in the way */
  async function tryEffect(
    effect: Effect,
    situation: Situation,
    signal: AbortSignal,
  ): Promise<Result | { readonly status: RemediationStatus }> {
    const { remediation, world } = situation;
    const { settings, kubernetesService, clusterDns } = options;
    logger.info('carrying out effect', { effect: effect.kind, phase: remediation.status.phase });
    try {
      const known = { settings, kubernetesService, clusterDns };
      const context = { kube, ...known, remediation, world, now: now(), signal };
      const done = await carryOut(effect, context);
      recent.done(remediation.name, effect, now());
      const status = afterEffect(remediation.status, done, now());
      return { status: onlyAsks(effect) ? findingsAfter(status, { ...situation, now: now() }) : status };
    } catch (error) {
      if (isConflict(error)) {
        logger.info('conflict, planning again', { error });
        return AFTER_OVERTAKEN;
      }
      if (error instanceof NotOursError) {
        logger.warn('object belongs to someone else, retrying', { error });
        return { kind: 'requeue', afterMs: NOT_OURS_MS };
      }
      throw error;
    }
  }
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
