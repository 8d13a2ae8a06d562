/** A node-local DNS cache among the DNS pods: it listens on an address that only its node has, so nobody else can ask it. */
import { DNS_APP_LABEL } from '../api/keys.ts';
import { isNodeLocalDns } from '../diagnosis/node-local.ts';
import type { OwnedPod } from './ownership.ts';

/** Of the manifests of Kubernetes and of kubespray. */
const CACHE_CONTAINER = 'node-cache';
const CACHE_LABELS: readonly string[] = ['node-local-dns', 'nodelocaldns'].map(
  (app) => `${DNS_APP_LABEL}=${app}`,
);

type Pod = Pick<OwnedPod, 'hostNetwork' | 'label' | 'workload'>;

/** CoreDNS itself in the host network is none: it can be asked at the address of its node. */
export const isNodeLocalCache = ({ hostNetwork, label, workload }: Pod): boolean =>
  hostNetwork &&
  workload.kind === 'DaemonSet' &&
  (CACHE_LABELS.includes(label) ||
    workload.container === CACHE_CONTAINER ||
    isNodeLocalDns({ workload: workload.name }));
