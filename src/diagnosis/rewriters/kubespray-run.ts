/** A run of kubespray, often limited by tags, which leaves out the variable with the right value. */
import {
  ansibleBackups,
  atBootMs,
  editorTraces,
  near,
  type Rewriter,
  restored,
  sameMinute,
} from './rewriter.ts';

const FILES: readonly string[] = ['/etc/kubernetes/kubelet-config.yaml', '/etc/kubernetes/kubelet.env'];
const OF_THE_ROLE =
  /^\/etc\/kubernetes\/kubelet(\.env|-config\.yaml)$|^\/etc\/systemd\/system\/kubelet\.service$/;
const MODE = '0600';

/**
 * The role writes kubelet.env, kubelet-config.yaml and kubelet.service as templates with the mode 0600, the first and
 * the last with a backup (kubespray, roles/kubernetes/node/tasks/kubelet.yml). Ansible writes a template only where its
 * result differs, so that often only the configuration is changed.
 *
 * The right value is in variables of the distribution, which roles/kubernetes/node/tasks/facts.yml loads. Its tag is
 * `facts`, until v2.24.0 nothing else: a run with `--tags kubelet` falls back to /etc/resolv.conf
 * (kubernetes-sigs/kubespray#10423); with `--tags kubeadm` it still does.
 */
export const kubesprayRun: Rewriter = {
  explanation: 'KubesprayRun',
  explain: (trace) => {
    const { path, mode } = trace.rewritten;
    if (!FILES.includes(path)) return null;
    const others = [...new Set([...near(trace, OF_THE_ROLE), ...ansibleBackups(trace)])];
    const editors = editorTraces(trace);
    const isAtBoot = atBootMs(trace) !== null;
    const strong = others.length > 0 ? 'high' : mode === MODE ? 'medium' : 'low';
    return {
      confidence: editors.length > 0 || isAtBoot ? 'low' : strong,
      evidence: [
        `${path} is a template of kubespray.`,
        others.length > 0
          ? sameMinute(others, ', and kubespray writes them in the same role')
          : 'No other file of the role was changed within a minute of it: their content was right, or the run was limited by tags.',
        mode === MODE
          ? 'It has the mode 0600, as kubespray sets it.'
          : `Against it: the mode is ${mode}, and kubespray sets 0600.`,
        ...(editors.length > 0 ? [`Against it: ${sameMinute(editors, ', as by an editor')}`] : []),
        ...(isAtBoot ? ['Against it: the node had just been booted, and kubespray runs from outside.'] : []),
        ...restored(trace),
      ],
      change: [
        'In group_vars/k8s_cluster/k8s-cluster.yml of the inventory:',
        `kube_resolv_conf: ${trace.target}`,
        'To change kubelets alone, with the variables of the distribution:',
        'ansible-playbook cluster.yml --become --tags facts,kubelet',
      ],
    };
  },
};
