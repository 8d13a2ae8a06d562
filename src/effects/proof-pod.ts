/** The proof pod: a new sandbox on the repaired node that reads the resolv.conf it was really given. */
import type { V1Pod } from '@kubernetes/client-node';
import { AGENT_CONTAINER, type ProveRequest } from '../api/agent-protocol.ts';
import { NODE_NAMESPACE } from '../api/keys.ts';
import type { KubeClient } from '../kube/client.ts';
import { nullIfNotFound } from '../kube/errors.ts';
import { createOnce, nodePodSpec, ownedBy, ownLabels } from './node-pod.ts';

/** The user "nobody", as in most images; the proof needs no file of the node. */
const NOBODY = 65_534;

interface ProofPodRequest {
  readonly remediation: { readonly name: string; readonly uid: string };
  readonly node: string;
  readonly image: string;
  readonly activeDeadlineSeconds: number;
  readonly agent: ProveRequest;
}

export const proofPodName = (remediation: string): string => `${remediation}-proof`;
const podsPath = `/api/v1/namespaces/${NODE_NAMESPACE}/pods`;

/** Creates the pod, once. @throws NotOursError if one of a deleted remediation still has its name */
export async function startProof(
  kube: KubeClient,
  request: ProofPodRequest,
  signal: AbortSignal,
): Promise<void> {
  await createOnce(kube, podsPath, proofPod(request), request.remediation, signal);
}

/** The manifest, exported for the test that checks it. */
export function proofPod({ remediation, node, image, agent, activeDeadlineSeconds }: ProofPodRequest): V1Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: proofPodName(remediation.name),
      namespace: NODE_NAMESPACE,
      labels: ownLabels(remediation.name, 'prove'),
      ownerReferences: ownedBy(remediation),
    },
    spec: {
      ...nodePodSpec(node, image, [{ name: AGENT_CONTAINER, request: agent }], {
        securityContext: { runAsUser: NOBODY, runAsGroup: NOBODY, runAsNonRoot: true },
      }),
      activeDeadlineSeconds,
    },
  };
}

/** Deletes the pod without a grace period, because it has nothing to shut down. No-op if it is gone. */
export async function removeProofPod(
  kube: KubeClient,
  remediation: string,
  signal: AbortSignal,
): Promise<void> {
  await nullIfNotFound(
    kube.raw.request({
      method: 'DELETE',
      path: `${podsPath}/${proofPodName(remediation)}`,
      body: { gracePeriodSeconds: 0 },
      signal,
    }),
  );
}
