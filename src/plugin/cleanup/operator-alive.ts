/** Whether an operator works in the cluster, or may at any time. Without a clock: a Lease that is renewed changes. */
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { OPERATOR_DEPLOYMENT, OPERATOR_LEASE, OPERATOR_NAMESPACE } from '../../api/keys.ts';
import type { KubeClient } from '../../kube/client.ts';
import { nullIfNotFound } from '../../kube/errors.ts';
import { createLeaseLock } from '../../kube/lease-lock.ts';

interface Liveness {
  readonly alive: boolean;
  /** One sentence in lower case without a full stop. */
  readonly why: string;
}

/** Longer than a leader takes between two renewals, for a Lease that names no duration. */
const USUAL_DURATION_MS = 15_000;
const LOOK_EVERY_MS = 500;

/**
 * Takes as long as the Lease is valid if someone holds it who does not renew it, as another replica waits before it
 * leads. Not by the Lease's time: the clocks of this machine and of the cluster may differ.
 *
 * @throws KubeError
 */
export async function isOperatorAlive(
  kube: KubeClient,
  { signal, waiting }: { readonly signal: AbortSignal; readonly waiting: (sentence: string) => void },
): Promise<Liveness> {
  const replicas = await replicasOf(kube, signal);
  if (replicas > 0)
    return {
      alive: true,
      why: `the Deployment ${OPERATOR_NAMESPACE}/${OPERATOR_DEPLOYMENT} runs it with ${replicas} replicas`,
    };
  const lock = createLeaseLock(kube.raw, { namespace: OPERATOR_NAMESPACE, name: OPERATOR_LEASE });
  const first = await lock.read(signal);
  if (!first) return { alive: false, why: `there is no Lease ${OPERATOR_NAMESPACE}/${OPERATOR_LEASE}` };
  if (first.holder === '') return { alive: false, why: 'the Lease of the operator was released' };
  const validMs = first.durationMs || USUAL_DURATION_MS;
  waiting(
    `Waiting for up to ${Math.ceil(validMs / 1000)} s whether ${first.holder} renews the Lease of the operator.`,
  );
  const end = performance.now() + validMs;
  while (performance.now() < end) {
    await sleep(LOOK_EVERY_MS, undefined, { signal });
    const now = await lock.read(signal);
    if (!now || now.holder === '') return { alive: false, why: 'the Lease of the operator was released' };
    if (now.version !== first.version)
      return { alive: true, why: `${now.holder} renews the Lease ${OPERATOR_NAMESPACE}/${OPERATOR_LEASE}` };
  }
  return { alive: false, why: `${first.holder} does not renew the Lease of the operator any more` };
}

const deploymentSchema = z.object({ spec: z.object({ replicas: z.int().default(1) }) });

/** Zero replicas, or no Deployment: nothing starts an operator in the middle. */
async function replicasOf(kube: KubeClient, signal: AbortSignal): Promise<number> {
  const path = `/apis/apps/v1/namespaces/${OPERATOR_NAMESPACE}/deployments/${OPERATOR_DEPLOYMENT}`;
  const deployment = await nullIfNotFound(kube.raw.request({ method: 'GET', path, signal }));
  return deployment === null ? 0 : deploymentSchema.parse(deployment).spec.replicas;
}
