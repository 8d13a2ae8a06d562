/** Commands that fix a cause by hand, and those that check that it is fixed. */
import type { KubeletLayer } from '../case.ts';
import type { Commands } from '../examination.ts';
import type { ExamFacts, ExamNames } from './exam-facts.ts';

export const onNode = ({ node }: ExamNames): string => `# on node ${node}:`;

export const deletePod = ({ namespace, pod }: ExamNames): string =>
  `kubectl -n ${namespace} delete pod ${pod}`;

/**
 * Sets `resolvConf` where it takes effect, restarts the kubelet, and gives the pod a new sandbox.
 *
 * @param path the file that resolvConf is set to
 */
export function setResolvConf(facts: ExamFacts, path: string = facts.target.path): Commands {
  const { names, kubelet } = facts;
  const layer = kubelet.layers?.at(-1) ?? kubelet.place;
  return {
    fix: [
      onNode(names),
      `grep -H nameserver ${path} # must list real upstream servers: with a file that does not exist, no pod starts`,
      ...(layer ? [`test -s ${path} && ${edit(layer, path)}`] : whereItIsSet(path)),
      `systemctl ${layer?.kind === 'flag' ? 'daemon-reload && systemctl ' : ''}restart kubelet`,
      '# then, from where kubectl runs:',
      deletePod(names),
    ],
    check: afterwards(names),
  };
}

/** The new pod answers, and its node gives out a usable file. */
export const afterwards = (names: ExamNames): readonly string[] => [
  `kubectl dnshealth check ${names.node}`,
  `kubectl -n ${names.namespace} get pods -o wide --field-selector spec.nodeName=${names.node}`,
  `kubectl dnshealth diagnose --node ${names.node}`,
];

/** One key or one flag, in YAML, JSON or an environment file; a copy of the file is kept. */
function edit({ kind, path }: KubeletLayer, target: string): string {
  return kind === 'flag'
    ? `sed -i.bak -E 's#--resolv[-_]conf[= ][^ "]*#--resolv-conf=${target}#' ${path}`
    : `sed -i.bak -E 's#("?resolvConf"?: *)("[^"]*"|[^ ,}]*)#\\1"${target}"#' ${path}`;
}

function whereItIsSet(target: string): readonly string[] {
  return [
    'systemctl cat kubelet | grep -n -e --resolv-conf -e --config # a flag takes precedence over the file',
    'grep -n resolvConf /etc/kubernetes/kubelet-config.yaml /var/lib/kubelet/config.yaml',
    `# in that file, set or add the line: resolvConf: ${target}`,
  ];
}

export function editCorefileCommands({ namespace, configMap, workload }: ExamNames): Commands {
  return {
    fix: [
      `kubectl -n ${namespace} edit configmap ${configMap}`,
      `kubectl -n ${namespace} rollout restart ${workload.replace(' ', '/')}`,
    ],
    check: [
      `kubectl -n ${namespace} rollout status ${workload.replace(' ', '/')}`,
      'kubectl dnshealth diagnose',
    ],
  };
}
