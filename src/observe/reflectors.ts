/** What the operator watches: the table of objects, selectors and what is kept of each. */
import {
  API_VERSION,
  CHECK_NAMESPACE,
  DNS_NAMESPACE,
  DNS_SELECTORS,
  GROUP,
  MANAGED_BY,
  MANAGED_BY_LABEL,
  NODE_NAMESPACE,
  OPERATOR_NAMESPACE,
  VERSION,
} from '../api/keys.ts';
import type { KubeClient } from '../kube/client.ts';
import type { EventRecorder } from '../kube/event-recorder.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Metrics } from '../runtime/metrics.ts';
import { deriveStore } from '../runtime/reflector/derived-store.ts';
import { createReflector } from '../runtime/reflector/reflector.ts';
import { uniteReflectors } from '../runtime/reflector/united-reflector.ts';
import { parseAgentJob, parseAgentPod } from './agent-run.ts';
import { parsePolicy, parseRemediation } from './custom-resources.ts';
import { parseDnsPod } from './dns-pod.ts';
import { NODE_EVENTS, parseKubeletStart } from './kubelet-start.ts';
import { eventOnMalformed } from './malformed.ts';
import { parseOwnNamespace } from './own-namespace.ts';
import { parseWatchedNode } from './watched-node.ts';

const OURS = `${MANAGED_BY_LABEL}=${MANAGED_BY}`;

export type Reflectors = ReturnType<typeof createReflectors>;

export function createReflectors(
  kube: KubeClient,
  {
    recorder,
    ...options
  }: { readonly logger: Logger; readonly metrics: Metrics; readonly recorder: EventRecorder },
) {
  const of = (apiVersion: string, kind: string) => ({
    ...options,
    onMalformed: eventOnMalformed(recorder, { apiVersion, kind }),
  });
  const dnsPods = (labelSelector: string) =>
    createReflector({
      source: kube.listWatch({ path: `/api/v1/namespaces/${DNS_NAMESPACE}/pods`, labelSelector }),
      transform: parseDnsPod,
      ...of('v1', 'Pod'),
    });
  const agentPods = (namespace: string) =>
    createReflector({
      source: kube.listWatch({ path: `/api/v1/namespaces/${namespace}/pods`, labelSelector: OURS }),
      transform: parseAgentPod,
      ...of('v1', 'Pod'),
    });
  // Metadata only: a full node has twelve kilobytes, of which two annotations and a few labels are needed.
  const nodes = createReflector({
    source: kube.listWatch({ path: '/api/v1/nodes', metadataOnly: true }),
    transform: parseWatchedNode,
    ...of('v1', 'Node'),
  });
  const custom = `/apis/${GROUP}/${VERSION}`;
  return {
    policies: createReflector({
      source: kube.listWatch({ path: `${custom}/dnshealthpolicies` }),
      transform: parsePolicy,
      ...of(API_VERSION, 'DNSHealthPolicy'),
    }),
    remediations: createReflector({
      source: kube.listWatch({ path: `${custom}/dnsremediations` }),
      transform: parseRemediation,
      ...of(API_VERSION, 'DNSRemediation'),
    }),
    dnsPods: uniteReflectors([dnsPods(DNS_SELECTORS[0]), dnsPods(DNS_SELECTORS[1])], ({ uid }) => uid),
    jobs: createReflector({
      source: kube.listWatch({
        path: `/apis/batch/v1/namespaces/${NODE_NAMESPACE}/jobs`,
        labelSelector: OURS,
      }),
      transform: parseAgentJob,
      ...of('batch/v1', 'Job'),
    }),
    kubeletStarts: createReflector({
      source: kube.listWatch({
        path: '/api/v1/namespaces/default/events',
        fieldSelector: NODE_EVENTS,
        withoutBookmarks: true,
      }),
      transform: parseKubeletStart,
      ...of('v1', 'Event'),
    }),
    agentPods: uniteReflectors([agentPods(NODE_NAMESPACE), agentPods(CHECK_NAMESPACE)], ({ uid }) => uid),
    // This one only, by its name: the operator may not read others.
    ownNamespace: createReflector({
      source: kube.listWatch({
        path: '/api/v1/namespaces',
        fieldSelector: `metadata.name=${OPERATOR_NAMESPACE}`,
      }),
      transform: parseOwnNamespace,
      ...of('v1', 'Namespace'),
    }),
    nodes,
    nodeMarks: { ...deriveStore(nodes, ({ mark }) => mark), origin: nodes },
  };
}
