/** The DNS pods of a cluster, by every label that the project knows, and those that were asked for. */
import { DNS_LABELS_TEXT, DNS_NAMESPACE, DNS_SELECTORS } from '../../../api/keys.ts';
import type { Connection } from '../../connect.ts';
import { PluginError } from '../../errors.ts';
import { type ParsedPod, parseCasePod } from '../case-pod.ts';
import { near } from '../near.ts';

/** What `--node` and `--pod` ask for. */
export interface Selection {
  readonly node?: string;
  readonly pod?: string;
}

/** Those that still can run, each one once. @throws PluginError if there is none, or KubeError */
export async function dnsPods({ core }: Connection): Promise<readonly ParsedPod[]> {
  const lists = await Promise.all(
    DNS_SELECTORS.map(async (labelSelector) =>
      core.listNamespacedPod({ namespace: DNS_NAMESPACE, labelSelector }),
    ),
  );
  const pods = lists
    .flatMap(({ items }) => items)
    .map(parseCasePod)
    .filter(({ dns }) => !dns.finished);
  const unique = [...new Map(pods.map((pod) => [pod.dns.uid, pod])).values()];
  if (unique.length === 0)
    throw new PluginError(
      `there is no DNS pod in the namespace ${DNS_NAMESPACE} of this cluster; looked for the labels ${DNS_LABELS_TEXT}`,
    );
  return unique.toSorted((a, b) => compare(a.dns.node, b.dns.node) || compare(a.dns.name, b.dns.name));
}

/** @throws PluginError that suggests names where there is no such pod or node */
export function select(pods: readonly ParsedPod[], { node, pod }: Selection): readonly ParsedPod[] {
  const named = pods.filter(({ dns }) => pod === undefined || dns.name === pod);
  if (pod !== undefined && named.length === 0)
    throw new PluginError(
      `there is no DNS pod ${pod}${hint(
        pod,
        pods.map(({ dns }) => dns.name),
      )}`,
    );
  const there = named.filter(({ dns }) => node === undefined || dns.node === node);
  if (node !== undefined && there.length === 0)
    throw new PluginError(
      `no ${pod === undefined ? 'DNS pod' : pod} runs on node ${node}${hint(
        node,
        pods.map(({ dns }) => dns.node),
      )}`,
    );
  return there;
}

function hint(name: string, known: readonly string[]): string {
  const names = near(name, known);
  return `; ${names.length > 0 ? 'did you mean' : 'there are'} ${(names.length > 0 ? names : [...new Set(known)].slice(0, 5)).join(', ')}`;
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
