/** Reads what is declared for the kubelets of the cluster. */
import { DNS_NAMESPACE } from '../../../api/keys.ts';
import { Refused } from '../../../api/refused.ts';
import { KubeError } from '../../../kube/errors.ts';
import type { Connection } from '../../cluster/connect.ts';
import { type DeclaredKubelet, KUBELET_CONFIG_MAP, parseDeclaredKubelet } from '../declared-kubelet.ts';
import type { Attempts } from './attempts.ts';

/** Undefined if it is not there, as in a cluster without kubeadm, or cannot be read. */
export async function declaredKubelet(
  { kube }: Connection,
  attempts: Attempts,
  signal: AbortSignal,
): Promise<DeclaredKubelet | undefined> {
  const wanted = {
    what: 'what kubeadm declares for the kubelets of the cluster',
    command: `kubectl -n ${DNS_NAMESPACE} get configmap ${KUBELET_CONFIG_MAP} -o yaml`,
    // A right of its own: a Role may allow the Corefile by name.
    right: `get configmap ${KUBELET_CONFIG_MAP} in ${DNS_NAMESPACE}`,
  };
  const raw = await attempts.read(wanted, async () => {
    try {
      const path = `/api/v1/namespaces/${DNS_NAMESPACE}/configmaps/${KUBELET_CONFIG_MAP}`;
      return await kube.raw.request({ method: 'GET', path, signal });
    } catch (error) {
      if (error instanceof KubeError && error.code === 404) return undefined;
      throw error;
    }
  });
  if (raw === undefined) return undefined;
  try {
    return parseDeclaredKubelet(raw);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    attempts.add([{ ...wanted, why: error.message }]);
    return undefined;
  }
}
