/** `kubeadm upgrade node`, which writes the configuration again from the ConfigMap of the cluster. */
import { near, type Rewriter, restored, sameMinute } from './rewriter.ts';

const FILES: readonly string[] = ['/var/lib/kubelet/config.yaml', '/var/lib/kubelet/kubeadm-flags.env'];
/**
 * A copy of what it replaces: of the configuration, in a directory that ends in digits (1.34) or in `-` and the time
 * (1.37), and since 1.37 of the flags (kubeadm, app/phases/upgrade/postupgrade.go, WriteKubeletConfigFiles and
 * RemoveKubeletArgsFromFile).
 */
const BACKUP = /^\/etc\/kubernetes\/tmp\/kubeadm-kubelet-(?:config|env)[^/]*$/;
const OTHERS =
  /^\/var\/lib\/kubelet\/(config\.yaml|kubeadm-flags\.env|instance-config\.yaml)$|^\/etc\/kubernetes\/(manifests|kubelet\.conf|pki)$/;

/**
 * The ConfigMap kube-system/kubelet-config wins over what was changed on the node; patches and, since 1.34,
 * /var/lib/kubelet/instance-config.yaml are applied after it (kubeadm, app/phases/kubelet/config.go).
 */
export const kubeadmUpgradeNode: Rewriter = {
  explanation: 'KubeadmUpgradeNode',
  explain: (trace) => {
    const { path, content } = trace.rewritten;
    if (!FILES.includes(path)) return null;
    const backups = near(trace, BACKUP);
    const others = near(trace, OTHERS);
    return {
      confidence:
        backups.length > 0 ? 'high' : others.length > 0 || content === 'AsBefore' ? 'medium' : 'low',
      evidence: [
        `${path} is written by kubeadm.`,
        backups.length > 0
          ? sameMinute(backups, ', where kubeadm keeps a copy of what it replaces')
          : 'Against it: no copy of the replaced file is known in /etc/kubernetes/tmp, where recent releases of kubeadm keep one.',
        ...(others.length > 0 ? [sameMinute(others, ', and kubeadm writes them as well')] : []),
        ...restored(trace),
      ],
      change: [
        'kubectl -n kube-system edit configmap kubelet-config',
        'There, in the key kubelet, if all nodes have that file (otherwise remove the key, and kubeadm decides for each node):',
        `resolvConf: ${trace.target}`,
      ],
    };
  },
};
