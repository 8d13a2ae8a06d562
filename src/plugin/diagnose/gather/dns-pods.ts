/** The DNS pods of a cluster, by every label that the project knows. */
import { DNS_LABELS_TEXT, DNS_NAMESPACE, DNS_SELECTORS } from '../../../api/keys.ts';
import type { Connection } from '../../cluster/connect.ts';
import { PluginError } from '../../errors.ts';
import { type ParsedPod, parseCasePod } from '../case-pod.ts';

/**
 * Those that still can run, each one once. Pods that are being deleted are left out while there are others: the end of
 * a rollout is no fault of DNS.
 *
 * @throws PluginError if there is none, or KubeError
 */
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
  const staying = unique.filter(({ dns }) => !dns.deleting);
  return (staying.length > 0 ? staying : unique).toSorted(
    (a, b) => compare(a.dns.node, b.dns.node) || compare(a.dns.name, b.dns.name),
  );
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
