/** Names what is likely to write a wrong resolvConf again after a repair. Recorded in `status.recurrence`. */

import { parseDocument } from 'yaml';
import type { RepairReport } from '../api/agent-protocol.ts';
import { assertNever } from '../api/assert-never.ts';
import type { Recurrence } from '../api/remediation.ts';
import { NODE_OWNERS } from './node-owners.ts';

interface RecurrenceFacts {
  /** The new value of resolvConf. */
  readonly target: string;
  /** For example v1.34.4. */
  readonly kubeletVersion: string;
  /** Key `kubelet` of the ConfigMap kube-system/kubelet-config; undefined if it could not be read. */
  readonly kubeletConfigMap?: string;
  /** By its name in the table of owners. */
  readonly owner: string | null;
}

export function recurrence(layout: RepairReport['layout'], facts: RecurrenceFacts): readonly Recurrence[] {
  return [...byLayout(layout, facts), ...byOwner(facts)];
}

/** The owner of the node is known by other marks than the layout, so that an unknown layout may have one as well. */
function byOwner({ owner, target }: RecurrenceFacts): readonly Recurrence[] {
  const verdict = NODE_OWNERS.find(({ name }) => name === owner)?.verdict;
  return verdict?.kind === 'rewrites' ? [{ source: verdict.source, advice: verdict.advice(target) }] : [];
}

function byLayout(layout: RepairReport['layout'], facts: RecurrenceFacts): readonly Recurrence[] {
  switch (layout) {
    case 'kubespray':
      return kubespray(facts.target);
    case 'kubeadm':
      return kubeadm(facts);
    case 'unknown':
      return [];
    default:
      return assertNever(layout);
  }
}

/**
 * Kubespray's default is /etc/resolv.conf. The right value is set only in per-distribution variables, which a run
 * limited by tags may not load. Those variables override the inventory, but where they exist they are right.
 */
function kubespray(target: string): readonly Recurrence[] {
  return [
    {
      source: 'kubespray inventory',
      advice: `Set kube_resolv_conf: ${target} in group_vars/k8s_cluster, or the next run of kubespray may write /etc/resolv.conf again. Better still, list your resolvers in upstream_dns_servers (group_vars/all): CoreDNS then does not use the node's resolv.conf at all.`,
    },
    {
      source: 'kubespray run limited by tags',
      advice:
        'Run kubespray with `--tags facts,kubelet`, never with `kubelet` or `kubeadm` alone or with `--skip-tags facts`. Without the facts, the variable of the distribution is not loaded and the kubelet gets /etc/resolv.conf. For `--tags kubelet` this is fixed since kubespray v2.24; for `--tags kubeadm` it is not.',
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
      // kubeadm then sets systemd-resolved's own file wherever that service runs.
      return [];
    case 'value':
      if (declared.value === facts.target) return [];
      return [
        {
          source: CONFIG_MAP,
          advice: `The ConfigMap sets resolvConf: ${declared.value || '""'}, and \`kubeadm upgrade node\` writes that to the node again. Set it to ${facts.target} if all nodes have that file, or remove the key, so that kubeadm decides by whether systemd-resolved runs: \`kubectl -n kube-system edit configmap kubelet-config\`.${perNode}`,
        },
      ];
    case 'unknown':
      return [
        {
          source: CONFIG_MAP,
          advice: `\`kubeadm upgrade node\` rewrites the kubelet configuration of the node from this ConfigMap. Check that resolvConf is ${facts.target} or absent there: \`kubectl -n kube-system get configmap kubelet-config -o yaml\`.${perNode}`,
        },
      ];
    default:
      return assertNever(declared);
  }
}

type Declared =
  | { readonly kind: 'absent' }
  | { readonly kind: 'value'; readonly value: string }
  | { readonly kind: 'unknown' };

function declaredValue(text: string | undefined): Declared {
  if (text === undefined) return { kind: 'unknown' };
  // The kubelet takes the last of two equal keys, so the parser must accept them.
  const document = parseDocument(text, { uniqueKeys: false });
  if (document.errors.length > 0) return { kind: 'unknown' };
  const root: unknown = document.toJS();
  if (typeof root !== 'object' || root === null || Array.isArray(root)) return { kind: 'unknown' };
  const value: unknown = 'resolvConf' in root ? root.resolvConf : undefined;
  if (value === undefined || value === null) return { kind: 'absent' };
  return typeof value === 'string' ? { kind: 'value', value } : { kind: 'unknown' };
}

/** kubeadm writes and applies instance-config.yaml by default since 1.34. */
function hasInstanceConfig(kubeletVersion: string): boolean {
  const [, major = '0', minor = '0'] = /^v?(\d+)\.(\d+)/.exec(kubeletVersion) ?? [];
  return Number(major) > 1 || (Number(major) === 1 && Number(minor) >= 34);
}
