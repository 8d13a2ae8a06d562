/** A check: an unprivileged pod on one node that reads the resolv.conf it was given. The proof after a repair is one. */
import type { V1Pod } from '@kubernetes/client-node';
import { AGENT_CONTAINER, type CheckRequest } from '../api/agent-protocol.ts';
import type { CheckOrigin } from '../api/check-origin.ts';
import {
  CHECK_BATCH_LABEL,
  CHECK_NAMESPACE,
  CHECK_ORIGIN_ANNOTATION,
  CHECK_SERVICE_ACCOUNT,
} from '../api/keys.ts';
import type { KubeClient } from '../kube/client.ts';
import { nullIfNotFound } from '../kube/errors.ts';
import { createOnce, nodePodSpec, ownedBy, ownLabels, type PodSpec } from './node-pod.ts';

/** The user "nobody", as in most images; a check needs no file of the node. */
const NOBODY = 65_534;

export interface CheckPodRequest {
  /** Of the pod. */
  readonly name: string;
  /** The incident that it belongs to and is deleted with; without one the caller removes it. */
  readonly remediation?: { readonly name: string; readonly uid: string };
  /** A check that is not part of an incident: what it is about, and the batch that it is removed with. */
  readonly ofNode?: { readonly origin: CheckOrigin; readonly batch: string };
  readonly node: string;
  readonly image: string;
  /** After that the kubelet ends the pod, whatever became of who started it. */
  readonly activeDeadlineSeconds: number;
  readonly agent: CheckRequest;
}

export const proofPodName = (remediation: string): string => `${remediation}-proof`;
const podsPath = `/api/v1/namespaces/${CHECK_NAMESPACE}/pods`;

/**
 * Creates the pod, once. Its state and its report are then in the cache of the agent's pods, under
 * `dnshealth-check/NAME`.
 *
 * @throws NotOursError if one of a deleted remediation still has its name
 */
export async function startCheck(
  kube: KubeClient,
  request: CheckPodRequest,
  signal: AbortSignal,
): Promise<void> {
  await createOnce(kube, podsPath, checkPod(request), request.remediation, signal);
}

/** The manifest, exported for the test that checks it. */
export function checkPod({ name, remediation, ofNode, ...check }: CheckPodRequest): V1Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: CHECK_NAMESPACE,
      labels: {
        ...ownLabels(remediation?.name, 'check'),
        ...(ofNode && { [CHECK_BATCH_LABEL]: ofNode.batch }),
      },
      ...(ofNode && { annotations: { [CHECK_ORIGIN_ANNOTATION]: JSON.stringify(ofNode.origin) } }),
      ...(remediation === undefined ? {} : { ownerReferences: ownedBy(remediation) }),
    },
    spec: checkPodSpec({ ...check, namespace: CHECK_NAMESPACE }),
  };
}

/** What the pod of a check is in any namespace: it meets the Pod Security level restricted. */
export function checkPodSpec({
  node,
  image,
  agent,
  activeDeadlineSeconds,
  namespace,
}: Pick<CheckPodRequest, 'node' | 'image' | 'agent' | 'activeDeadlineSeconds'> & {
  readonly namespace: string;
}): PodSpec {
  // Elsewhere the account does not exist; the default one is as good, because its token is not mounted either.
  const account = namespace === CHECK_NAMESPACE ? CHECK_SERVICE_ACCOUNT : undefined;
  return {
    ...nodePodSpec(node, image, [{ name: AGENT_CONTAINER, request: agent }], account, {
      securityContext: { runAsUser: NOBODY, runAsGroup: NOBODY, runAsNonRoot: true },
    }),
    activeDeadlineSeconds,
  };
}

/** Deletes the pod without a grace period, because it has nothing to shut down. No-op if it is gone. */
export async function removeCheck(kube: KubeClient, name: string, signal: AbortSignal): Promise<void> {
  await nullIfNotFound(
    kube.raw.request({
      method: 'DELETE',
      path: `${podsPath}/${name}`,
      body: { gracePeriodSeconds: 0 },
      signal,
    }),
  );
}

/** Deletes all pods of a batch at once: a request for each would be a third of what checks cost. */
export async function removeBatch(kube: KubeClient, batch: string, signal: AbortSignal): Promise<void> {
  await kube.raw.request({
    method: 'DELETE',
    path: podsPath,
    query: { labelSelector: `${CHECK_BATCH_LABEL}=${batch}` },
    body: { gracePeriodSeconds: 0 },
    signal,
  });
}
