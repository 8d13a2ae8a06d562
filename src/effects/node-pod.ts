/** What the pod of the repair Job and that of a check have in common: all that makes them least privileged. */
import type { V1Container, V1Job, V1Pod, V1PodSpec, V1SecurityContext } from '@kubernetes/client-node';
import { type AgentRequest, REPORT_PATH, REQUEST_ENV } from '../api/agent-protocol.ts';
import { MANAGED_BY, MANAGED_BY_LABEL, REMEDIATION_LABEL, ROLE_LABEL } from '../api/keys.ts';
import type { KubeClient } from '../kube/client.ts';
import { isAlreadyExists } from '../kube/errors.ts';
import { NotOursError } from './not-ours.ts';

/** Labels by which the operator finds what it created, for an incident or without one. */
export const ownLabels = (
  remediation: string | undefined,
  role: 'repair' | 'rollback' | 'check' | 'inspect',
): Record<string, string> => ({
  [MANAGED_BY_LABEL]: MANAGED_BY,
  ...(remediation === undefined ? {} : { [REMEDIATION_LABEL]: remediation }),
  [ROLE_LABEL]: role,
});

/** Owner reference to the cluster-scoped DNSRemediation: what was created for it is deleted with it. */
export const ownedBy = (remediation: { readonly name: string; readonly uid: string }) => [
  {
    apiVersion: 'dnshealth.io/v1alpha1',
    kind: 'DNSRemediation',
    name: remediation.name,
    uid: remediation.uid,
  },
];

/**
 * Creates what an incident needs once. An object that already exists under that name was created for this incident
 * before, unless it belongs to a deleted remediation of the same name and is not garbage-collected yet.
 *
 * @param remediation the incident; without one, any object that no incident owns is taken for the one that was created
 * @throws NotOursError in the latter case: the object disappears by itself, so try again
 */
export async function createOnce(
  kube: KubeClient,
  path: string,
  manifest: V1Job | V1Pod,
  remediation: { readonly uid: string } | undefined,
  signal: AbortSignal,
): Promise<void> {
  try {
    await kube.raw.request({ method: 'POST', path, body: manifest, signal });
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    const name = manifest.metadata?.name ?? '';
    const existing = await kube.raw.request<V1Job | V1Pod>({
      method: 'GET',
      path: `${path}/${name}`,
      signal,
    });
    const owners = existing.metadata?.ownerReferences ?? [];
    if (remediation ? owners.some(({ uid }) => uid === remediation.uid) : owners.length === 0) return;
    throw new NotOursError(`${manifest.kind} ${name} belongs to another remediation`, { cause: error });
  }
}

/** A container with the agent, which carries out the request. */
export interface NodeProgram {
  readonly name: string;
  readonly request: AgentRequest;
}

/** client-node's model as plain data: it is sent as JSON, never through the class. */
export type PodSpec = Pick<V1PodSpec, keyof V1PodSpec>;

/**
 * A pod spec that runs the node side on one node.
 *
 * - `nodeName` bypasses the scheduler, and every taint is tolerated: the node is in quarantine.
 * - `dnsPolicy: Default`: it must work while cluster DNS is down, and it is the node's file that a check reads.
 * - `IfNotPresent`: no registry is needed if the image is on the node, and a node that lost it can still pull it.
 */
export function nodePodSpec(
  node: string,
  image: string,
  programs: readonly NodeProgram[],
  serviceAccountName: string | undefined,
  container: {
    readonly volumeMounts?: V1Container['volumeMounts'];
    readonly securityContext: Pick<V1SecurityContext, keyof V1SecurityContext>;
  },
): PodSpec {
  return {
    nodeName: node,
    tolerations: [{ operator: 'Exists' }],
    restartPolicy: 'Never',
    dnsPolicy: 'Default',
    enableServiceLinks: false,
    automountServiceAccountToken: false,
    ...(serviceAccountName === undefined ? {} : { serviceAccountName }),
    terminationGracePeriodSeconds: 60,
    // In this order, each without waiting for the one before to end.
    containers: programs.map(({ name, request }) => ({
      name,
      image,
      imagePullPolicy: 'IfNotPresent',
      command: ['/usr/local/bin/node'],
      args: ['--max-semi-space-size=2', '--max-old-space-size=64', '/app/agent.js'],
      env: [{ name: REQUEST_ENV, value: JSON.stringify(request) }],
      terminationMessagePath: REPORT_PATH,
      terminationMessagePolicy: 'File',
      // Requested expressly, or the requests would be the limits. No CPU: on a node without any left the kubelet would
      // reject the pod, which it did not get from the scheduler.
      resources: {
        requests: { cpu: '0', memory: '16Mi' },
        limits: { memory: '192Mi' },
      },
      ...(container.volumeMounts ? { volumeMounts: container.volumeMounts } : {}),
      securityContext: {
        privileged: false,
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
        seccompProfile: { type: 'RuntimeDefault' },
        ...container.securityContext,
      },
    })),
  };
}
