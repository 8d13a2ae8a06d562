/** Says where a wrong resolvConf is likely to come back from after a repair. Goes into the remediation's record. */
import { parseDocument } from 'yaml';
import type { RepairReport } from '../api/agent-protocol.ts';
import type { Recurrence } from '../api/remediation.ts';

export interface RecurrenceFacts {
  /** The file to which the kubelet was pointed. */
  readonly target: string;
  /** Of the node, for example v1.34.4. */
  readonly kubeletVersion: string;
  /** Key `kubelet` of the ConfigMap kube-system/kubelet-config; undefined where it could not be read. */
  readonly kubeletConfigMap?: string;
}

export function recurrence(layout: RepairReport['layout'], facts: RecurrenceFacts): readonly Recurrence[] {
  switch (layout) {
    case 'kubespray':
      return kubespray(facts.target);
    case 'kubeadm':
      return kubeadm(facts);
    case 'unknown':
      return [];
  }
  return layout satisfies never;
}

/**
 * Kubespray's default is /etc/resolv.conf; the right value stands only in per-distribution variables, which a run
 * limited by tags may not load. Those variables win over the inventory, but on distributions that have them they are right.
 */
function kubespray(target: string): readonly Recurrence[] {
  return [
    {
      source: 'kubespray inventory',
      advice: `Set kube_resolv_conf: ${target} in group_vars/k8s_cluster, so that the next run of kubespray does not write /etc/resolv.conf again. Better still, name your resolvers in upstream_dns_servers (group_vars/all), which takes the node's resolv.conf out of the path altogether.`,
    },
    {
      source: 'kubespray run limited by tags',
      advice:
        'Run kubespray with --tags facts,kubelet, never with kubelet or kubeadm alone or with --skip-tags facts: without the facts the variable of the distribution is not loaded and the kubelet gets /etc/resolv.conf. For --tags kubelet this is mended from kubespray v2.24 on, for --tags kubeadm it is not.',
    },
  ];
}

const CONFIG_MAP = 'ConfigMap kube-system/kubelet-config, key kubelet';

function kubeadm(facts: RecurrenceFacts): readonly Recurrence[] {
  const declared = declaredValue(facts.kubeletConfigMap);
  const perNode = hasInstanceConfig(facts.kubeletVersion)
    ? ` For this node alone, add resolvConf: ${facts.target} to /var/lib/kubelet/instance-config.yaml, which kubeadm applies last.`
    : '';
  switch (declared.kind) {
    case 'absent':
      // kubeadm then fills in systemd-resolved's own file wherever that service runs.
      return [];
    case 'value':
      if (declared.value === facts.target) return [];
      return [
        {
          source: CONFIG_MAP,
          advice: `It says resolvConf: ${declared.value || '""'}, and kubeadm upgrade node writes that to the node again. Set it to ${facts.target} there if all nodes have that file, or take the key out: kubeadm then chooses by whether systemd-resolved runs.${perNode}`,
        },
      ];
    case 'unknown':
      return [
        {
          source: CONFIG_MAP,
          advice: `kubeadm upgrade node rewrites the kubelet configuration of the node from it. Check that resolvConf there is ${facts.target} or absent.${perNode}`,
        },
      ];
  }
  return declared satisfies never;
}

type Declared =
  | { readonly kind: 'absent' }
  | { readonly kind: 'value'; readonly value: string }
  | { readonly kind: 'unknown' };

function declaredValue(text: string | undefined): Declared {
  if (text === undefined) return { kind: 'unknown' };
  // The kubelet takes the last of two equal keys, so the parser must not refuse them.
  const document = parseDocument(text, { uniqueKeys: false });
  if (document.errors.length > 0) return { kind: 'unknown' };
  const root: unknown = document.toJS();
  if (typeof root !== 'object' || root === null || Array.isArray(root)) return { kind: 'unknown' };
  const value: unknown = 'resolvConf' in root ? root.resolvConf : undefined;
  if (value === undefined || value === null) return { kind: 'absent' };
  return typeof value === 'string' ? { kind: 'value', value } : { kind: 'unknown' };
}

/** Kubeadm writes and applies instance-config.yaml by default from 1.34 on. */
function hasInstanceConfig(kubeletVersion: string): boolean {
  const [, major = '0', minor = '0'] = /^v?(\d+)\.(\d+)/.exec(kubeletVersion) ?? [];
  return Number(major) > 1 || (Number(major) === 1 && Number(minor) >= 34);
}
