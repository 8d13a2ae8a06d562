/** The names that exist in the cluster or in the kubeconfig, for completion: only their metadata is transferred. */
import { API_VERSION, DNS_NAMESPACE, DNS_SELECTORS } from '../../api/keys.ts';
import { type Environment, readKubeconfig } from '../../kube/kubeconfig/kubeconfig-files.ts';
import type { Connection } from '../cluster/connect.ts';
import type { Completes } from '../verb.ts';
import type { KubeChoice } from './complete.ts';

const DNS_PODS = `/api/v1/namespaces/${DNS_NAMESPACE}/pods`;
const PATHS: Readonly<Record<Exclude<Completes, 'file' | 'context'>, readonly string[]>> = {
  node: ['/api/v1/nodes'],
  policy: [`/apis/${API_VERSION}/dnshealthpolicies`],
  remediation: [`/apis/${API_VERSION}/dnsremediations`],
  'dns-pod': DNS_SELECTORS.map((selector) => `${DNS_PODS}?labelSelector=${encodeURIComponent(selector)}`),
};
const METADATA = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

interface Named {
  readonly items: readonly { readonly metadata: { readonly name: string } }[];
}

export async function namesInCluster(
  kind: keyof typeof PATHS,
  { kube }: Pick<Connection, 'kube'>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const lists = await Promise.all(
    PATHS[kind].map(async (path) =>
      kube.raw.request<Named>({ method: 'GET', path, accept: METADATA, retry: false, signal }),
    ),
  );
  return lists.flatMap(({ items }) => items.map(({ metadata }) => metadata.name));
}

export async function contextNames(env: Environment, { kubeconfig }: KubeChoice): Promise<readonly string[]> {
  const { text } = await readKubeconfig(env, kubeconfig === undefined ? {} : { path: kubeconfig });
  const { contexts } = JSON.parse(text) as { readonly contexts: readonly { readonly name: string }[] };
  return contexts.map(({ name }) => name);
}
