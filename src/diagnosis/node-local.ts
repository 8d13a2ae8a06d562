/** Recognizes a node-local DNS cache: the DaemonSet of Kubernetes or of kubespray, and its well-known addresses. */
import { NODE_LOCAL_DNS } from '../api/node-local-dns.ts';
import { canonical } from './ip-address.ts';

interface Named {
  /** Kind and name of the workload, or its name. */
  readonly workload?: string | undefined;
  readonly pod?: string;
}

/** `node-local-dns` of Kubernetes, `nodelocaldns` of kubespray, and their pods. */
export const isNodeLocalDns = ({ workload = '', pod = '' }: Named): boolean =>
  [workload, pod].some((name) => /(?:^|\W)node-?local-?dns/.test(name));

export const isNodeLocalAddress = (address: string): boolean =>
  NODE_LOCAL_DNS.some((known) => canonical(known) === canonical(address));
