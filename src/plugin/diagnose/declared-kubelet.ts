/** What kubeadm declares for the kubelets of the cluster (kubespray too, which runs kubeadm), and where a node differs. Pure. */
import * as z from 'zod';
import { readKubeletConfig } from '../../diagnosis/kubelet/kubelet-config.ts';
import { absolute } from '../../diagnosis/kubelet/setting.ts';
import type { GatheredPod } from './gathered.ts';

export interface DeclaredKubelet {
  /** Absolute, or empty for "no file". */
  readonly value: string;
  readonly source: string;
}

export const KUBELET_CONFIG_MAP = 'kubelet-config';
const SOURCE = `ConfigMap kube-system/${KUBELET_CONFIG_MAP}`;

const configMapSchema = z.object({ data: z.object({ kubelet: z.string().optional() }).nullish() });

/**
 * Undefined if it does not set `resolvConf`: kubeadm then sets it on each node by itself.
 *
 * @throws ZodError if it is not a ConfigMap, UnreadableConfig if the configuration in it is not one
 */
export function parseDeclaredKubelet(raw: unknown): DeclaredKubelet | undefined {
  const text = configMapSchema.parse(raw).data?.kubelet;
  if (text === undefined) return undefined;
  const { entry } = readKubeletConfig(text, SOURCE);
  // The kubelet takes a relative path from the directory of its configuration file.
  return entry.kind === 'set'
    ? { value: absolute(entry.value, '/var/lib/kubelet'), source: SOURCE }
    : undefined;
}

export function withDeclared(pod: GatheredPod, declared: DeclaredKubelet | undefined): GatheredPod {
  if (!declared) return pod;
  const { facts } = pod;
  const running = facts.kubelet?.running;
  const node = facts.pod?.node ?? '';
  return {
    ...pod,
    facts: { ...facts, kubelet: { ...facts.kubelet, declared } },
    notes: [
      ...pod.notes,
      ...(running && running.value !== declared.value
        ? [
            {
              source: declared.source,
              text: `It declares resolvConf: ${shown(declared.value)}, but the kubelet of ${node} uses ${shown(running.value)}. The file on the node differs, or a flag overrides it; on the node, this shows which: systemctl cat kubelet; grep -n -e resolvConf -e resolv-conf /var/lib/kubelet/* /etc/kubernetes/kubelet* /etc/default/kubelet`,
            },
          ]
        : []),
    ],
  };
}

const shown = (value: string): string => value || '""';
