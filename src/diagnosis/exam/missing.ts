/** What an examination may lack, why it matters, and the command that shows it. */
import type { Missing } from '../examination.ts';
import type { ExamNames } from './exam-facts.ts';

type What = 'log' | 'corefile' | 'pod' | 'next' | 'kubelet' | 'places' | 'hostFiles' | 'answers' | 'siblings';

const CATALOGUE: Readonly<Record<What, (names: ExamNames) => Missing>> = {
  log: ({ namespace, pod }) => ({
    what: 'the log of the last crash',
    why: 'Only its last lines say whether CoreDNS ended because of a loop, and from which address the query came back.',
    command: `kubectl -n ${namespace} logs --previous ${pod}`,
  }),
  corefile: ({ namespace, configMap }) => ({
    what: 'the Corefile',
    why: 'It decides whether CoreDNS asks the nameservers of the node at all, or itself.',
    command: `kubectl -n ${namespace} get configmap ${configMap} -o yaml`,
  }),
  pod: ({ namespace, pod }) => ({
    what: 'the pod',
    why: 'Its dnsPolicy, its dnsConfig and the host network decide which nameservers it is given.',
    command: `kubectl -n ${namespace} get pod ${pod} -o yaml`,
  }),
  next: ({ node }) => ({
    what: 'the resolv.conf that a new pod is given on this node',
    why: 'It shows what the next DNS pod will ask, and whether this pod is only older than a fix.',
    command: `kubectl dnshealth check ${node}`,
  }),
  kubelet: ({ node }) => ({
    what: 'the resolvConf of the running kubelet',
    why: 'It tells a wrong file, a flag over a right file and the empty string apart.',
    command: `kubectl get --raw /api/v1/nodes/${node}/proxy/configz`,
  }),
  places: ({ node }) => ({
    what: 'every place on the node that sets resolvConf',
    why: 'A flag takes precedence over the configuration file, and then a change of the file has no effect.',
    command: `# on node ${node}: systemctl cat kubelet; grep -rn -e resolvConf -e resolv-conf /etc/kubernetes /var/lib/kubelet/*.yaml /var/lib/kubelet/*.env /etc/default/kubelet /etc/sysconfig/kubelet`,
  }),
  hostFiles: ({ node }) => ({
    what: 'the resolv.conf files of the node',
    why: 'They show whether the node has a file with real upstream servers.',
    command: `# on node ${node}: head -v -n 20 /etc/resolv.conf /run/systemd/resolve/resolv.conf /run/NetworkManager/no-stub-resolv.conf`,
  }),
  answers: ({ namespace, pod, node }) => ({
    what: 'what the pod answers',
    why: 'A loop that the loop plugin does not report shows as external names that fail while the names of the cluster are answered.',
    command: `kubectl dnshealth diagnose --node ${node} # or ask the address of: kubectl -n ${namespace} get pod ${pod} -o wide`,
  }),
  siblings: ({ namespace, workload }) => ({
    what: 'a healthy DNS pod on another node',
    why: 'What it has and this one has not is most often the cause; without one, the fault is not of this node alone.',
    command: `kubectl -n ${namespace} get pods -o wide # of ${workload}`,
  }),
};

export const missing = (what: What, names: ExamNames): Missing => CATALOGUE[what](names);
