/** Does one step: each write has a precondition, and can be repeated. */
import { setTimeout as sleep } from 'node:timers/promises';
import { assertNever } from '../../api/assert-never.ts';
import { API_VERSION, CHECK_NAMESPACE } from '../../api/keys.ts';
import { releaseOrphan } from '../../effects/release.ts';
import { removeNodeCheck } from '../../effects/remove-node-check.ts';
import type { KubeClient } from '../../kube/client.ts';
import { isConflict, isNotFound, nullIfNotFound } from '../../kube/errors.ts';
import { parseRemediation } from '../../observe/custom-resources.ts';
import { JOB_REMOVAL_MS } from '../../remediation/deadlines.ts';
import { afterAbandonment, isAbandoned } from '../../remediation/housekeeping/abandoned.ts';
import { whatIsLeft } from '../../remediation/housekeeping/orphan.ts';
import { explain, sentence } from '../errors.ts';
import { findRepairs, type MarkedNode, type OpenIncident, type Work } from './leftovers.ts';
import { pathOf, type Step, whyKept } from './steps.ts';

export interface Outcome {
  readonly result: 'done' | 'kept' | 'left' | 'failed';
  /** Sentences. */
  readonly message: string;
}

interface Context {
  readonly kube: KubeClient;
  readonly signal: AbortSignal;
  now(): number;
}

/** Others write the same objects: the kubelet a node, another cleanup all of them. */
const MOST_CONFLICTS = 10;
const LOOK_EVERY_MS = 250;

const done = (message: string): Outcome => ({ result: 'done', message });

export async function carryOut(step: Step, context: Context): Promise<Outcome> {
  try {
    switch (step.kind) {
      case 'delete':
        return await remove(step.work, context);
      case 'release':
        return await afterConflicts(async () => release(step.node, context));
      case 'end':
        return await afterConflicts(async () => end(step.incident, context));
      case 'forget':
        await removeNodeCheck(context.kube, step.node, context.signal);
        return done('The condition of the operator and its record of checks were removed.');
      case 'keep':
        return { result: 'kept', message: `Was kept: ${whyKept(step.node)}` };
      case 'leave':
        return { result: 'left', message: `Was left. ${step.why}` };
      default:
        return assertNever(step);
    }
  } catch (error) {
    if (context.signal.aborted) throw error;
    return { result: 'failed', message: sentence(explain(error)) };
  }
}

async function afterConflicts(attempt: () => Promise<Outcome>): Promise<Outcome> {
  for (let conflicts = 1; ; conflicts += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!isConflict(error) || conflicts === MOST_CONFLICTS) throw error;
    }
  }
}

async function release({ name, text }: MarkedNode, { kube, signal }: Context): Promise<Outcome> {
  const cordon = await releaseOrphan(kube, { node: name, text }, signal);
  return cordon === null
    ? done('Was released, changed or deleted by someone else in the meantime.')
    : done(`Was released. ${whatIsLeft(name, cordon)}`);
}

/** A live read each time: the status is computed from what it is written over. */
async function end({ name }: OpenIncident, { kube, signal, ...context }: Context): Promise<Outcome> {
  const incidents = kube.customResource<object>(API_VERSION, 'dnsremediations');
  const raw = await nullIfNotFound(incidents.get(name, signal));
  const remediation = raw && parseRemediation(raw);
  if (!remediation || !isAbandoned(remediation))
    return done('Was ended or deleted by someone else in the meantime.');
  const status = afterAbandonment(remediation, context.now());
  await incidents.replaceStatus(name, { ...raw, status }, signal);
  return done(`Was ended as ${status.phase} (${status.reason ?? ''}).`);
}

async function remove(work: Work, context: Context): Promise<Outcome> {
  const { kube, signal } = context;
  const { kind, namespace, name, uid, state } = work;
  const root = kind === 'Job' ? '/apis/batch/v1' : '/api/v1';
  const path = `${root}/namespaces/${namespace}/${kind === 'Job' ? 'jobs' : 'pods'}/${name}`;
  // In the foreground a Job exists until its pod is gone, so its absence proves that nothing of it can start any more.
  const propagationPolicy = kind === 'Job' && state === 'unstarted' ? 'Foreground' : 'Background';
  // A check has nothing to shut down.
  const grace = namespace === CHECK_NAMESPACE ? { gracePeriodSeconds: 0 } : {};
  const body = { preconditions: { uid }, propagationPolicy, ...grace };
  try {
    await kube.raw.request({ method: 'DELETE', path, body, signal });
  } catch (error) {
    if (isNotFound(error) || isConflict(error)) return done('Was deleted by someone else in the meantime.');
    throw error;
  }
  return kind === 'Job' && state === 'unstarted' ? untilGone(work, path, context) : done('Was deleted.');
}

/** Between the look at it and its deletion it may have begun. A pod that is marked for deletion does not begin any more. */
async function untilGone(work: Work, path: string, { kube, signal }: Context): Promise<Outcome> {
  const giveUp = performance.now() + JOB_REMOVAL_MS;
  while (performance.now() < giveUp) {
    if ((await nullIfNotFound(kube.raw.request({ method: 'GET', path, signal }))) === null)
      return done('Was deleted before it began to work.');
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
  const now = (await findRepairs(kube, signal)).find(({ uid }) => uid === work.uid);
  return now?.state === 'running'
    ? {
        result: 'left',
        message: `Began to work before it was deleted: ${pathOf(work)} ends within a minute.`,
      }
    : done('Was deleted before it began to work; its node has not confirmed that yet.');
}
