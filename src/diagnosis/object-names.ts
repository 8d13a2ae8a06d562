/** What advice calls the objects that have to be edited. */
import type { Evidence } from './evidence.ts';

export interface ObjectNames {
  /** Of the ConfigMap with the Corefile. */
  readonly configMap: string;
  /** Kind and name, as kubectl takes them. */
  readonly workload: string;
}

/** Where nothing else is known, those of kubeadm and kubespray. */
export const namesIn = ({
  configMap = 'coredns',
  workload = 'deployment coredns',
}: Pick<Evidence, 'configMap' | 'workload'>): ObjectNames => ({ configMap, workload });

export const editCorefile = ({ configMap }: ObjectNames): string =>
  `\`kubectl -n kube-system edit configmap ${configMap}\``;
export const editWorkload = ({ workload }: ObjectNames): string =>
  `\`kubectl -n kube-system edit ${workload}\``;
