/** What a check needs of the cluster: where its pods may run, which image they can have, what leads back into the cluster. */
import type { V1Deployment, V1Pod } from '@kubernetes/client-node';
import { API_VERSION, CHECK_NAMESPACE, DNS_APP_LABEL, DNS_NAMESPACE, DNS_SELECTORS } from '../../api/keys.ts';
import { type PolicySpec, policySpecSchema } from '../../api/policy.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Connection } from '../cluster/connect.ts';
import { PluginError } from '../errors.ts';
import type { Program } from './probe.ts';
import { unlessHidden } from './unless-hidden.ts';

const OPERATOR = '/apis/apps/v1/namespaces/dnshealth-system/deployments/dnshealth-operator';
const NODE_LOCAL: readonly string[] = ['node-local-dns', 'nodelocaldns'];

/** The namespace of the operator for checks, if it is there, or else that of the context. */
export async function namespaceOf({ kube, namespace }: Connection, signal: AbortSignal): Promise<string> {
  const path = `/api/v1/namespaces/${CHECK_NAMESPACE}`;
  return (await unlessHidden(kube.raw.request({ method: 'GET', path, signal })))
    ? CHECK_NAMESPACE
    : namespace;
}

export interface Chosen {
  readonly program: Program;
  readonly image: string;
}

/**
 * The image of the operator where it is installed, or else the cluster's own CoreDNS.
 * @throws PluginError if there is neither
 */
export async function imageOf(
  kube: KubeClient,
  wanted: { readonly program: Program | undefined; readonly image: string | undefined },
  signal: AbortSignal,
): Promise<Chosen> {
  const { program, image } = wanted;
  if (image !== undefined) return { program: program ?? 'agent', image };
  if (program !== 'coredns') {
    const ours = await operatorImage(kube, signal);
    if (ours !== undefined) return { program: 'agent', image: ours };
    if (program === 'agent')
      throw new PluginError('the operator is not installed, or may not be read: name its image with --image');
  }
  const theirs = await coreDnsImage(kube, signal);
  if (theirs !== undefined) return { program: 'coredns', image: theirs };
  throw new PluginError(
    `${DNS_NAMESPACE} has no CoreDNS pod whose image could be used: name one with --image`,
  );
}

async function operatorImage(kube: KubeClient, signal: AbortSignal): Promise<string | undefined> {
  const found = await unlessHidden(kube.raw.request<V1Deployment>({ method: 'GET', path: OPERATOR, signal }));
  const container = found?.spec?.template.spec?.containers[0];
  return container?.env?.find(({ name }) => name === 'AGENT_IMAGE')?.value ?? container?.image;
}

/** The one that most DNS pods run, because it is on the most nodes. */
async function coreDnsImage(kube: KubeClient, signal: AbortSignal): Promise<string | undefined> {
  const path = `/api/v1/namespaces/${DNS_NAMESPACE}/pods`;
  const lists = await Promise.all(
    DNS_SELECTORS.map(async (labelSelector) =>
      kube.raw.request<{ items: readonly V1Pod[] }>({
        method: 'GET',
        path,
        query: { labelSelector },
        signal,
      }),
    ),
  );
  const counts = new Map<string, number>();
  for (const { metadata, spec } of lists.flatMap(({ items }) => items)) {
    const image = (spec?.containers.find(({ name }) => name === 'coredns') ?? spec?.containers[0])?.image;
    // A node-local cache is another program, in an image of its own.
    if (image === undefined || NODE_LOCAL.includes(metadata?.labels?.[DNS_APP_LABEL] ?? '')) continue;
    counts.set(image, (counts.get(image) ?? 0) + 1);
  }
  return [...counts].toSorted(([, a], [, b]) => b - a)[0]?.[0];
}

interface StoredPolicy {
  readonly spec?: unknown;
}

/** The settings of the policy, if there is one that can be read: what holds for a repair holds for a check. */
export async function policyOf(kube: KubeClient, signal: AbortSignal): Promise<PolicySpec> {
  const policies = kube.customResource<StoredPolicy>(API_VERSION, 'dnshealthpolicies');
  const list = (await unlessHidden(policies.list(signal))) ?? [];
  const specs = list.map(({ spec }) => policySpecSchema.safeParse(spec ?? {}));
  return specs.find(({ success }) => success)?.data ?? policySpecSchema.parse({});
}
