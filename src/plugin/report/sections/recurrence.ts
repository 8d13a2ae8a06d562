/** Why the wrong value may come back, the lines that stop it, and how to check. */
import { isOfFileAlone } from '../../../remediation/facts.ts';
import { hasChanged, shellWord } from '../facts.ts';
import { type Block, line, prose, type Section, strong } from '../page.ts';
import type { StoredRecord } from '../record.ts';

export const recurrence = (record: StoredRecord): Section => ({
  title: 'Why it may come back, and how to stop that',
  blocks: [...rewrittenBy(record), ...blocksOf(record)],
});

/** What may have brought it back this time. */
function rewrittenBy({ status }: StoredRecord): readonly Block[] {
  return status.rewrittenBy.flatMap(({ explanation, confidence, evidence, change }): readonly Block[] => [
    {
      kind: 'text',
      line:
        explanation === 'Unknown'
          ? line`What changed it is not known. ${prose(evidence.join(' '))}`
          : line`${strong(explanation)} may have changed it (${confidence} confidence). ${prose(evidence.join(' '))}`,
    },
    {
      kind: 'paste',
      caption: explanation === 'Unknown' ? 'To find out' : `If it was ${explanation}`,
      lines: change,
    },
  ]);
}

function blocksOf(record: StoredRecord): readonly Block[] {
  const { status } = record;
  const target = status.repair?.target?.path ?? '/run/systemd/resolve/resolv.conf';
  if (status.recurrence.length === 0)
    return [
      {
        kind: 'text',
        line: [
          hasChanged(record)
            ? 'Nothing is known that writes the old value again.'
            : status.rewrittenBy.length > 0
              ? 'Nothing was changed this time; the cause is still there.'
              : 'Nothing was changed, so nothing can take it back; the cause is still there.',
        ],
      },
      ...check(record),
    ];
  return [
    ...status.recurrence.flatMap(({ source, advice }): readonly Block[] => [
      { kind: 'text', line: line`${strong(source)}: ${prose(advice)}` },
      ...lines(source, target),
    ]),
    ...check(record),
  ];
}

/** By how the source begins, which `diagnosis/recurrence.ts` names. */
const LINES: readonly {
  readonly source: string;
  readonly caption: string;
  readonly lines: (target: string) => readonly string[];
}[] = [
  {
    source: 'kubespray inventory',
    caption: 'For group_vars/k8s_cluster/k8s-cluster.yml',
    lines: (target) => [`kube_resolv_conf: ${target}`],
  },
  {
    source: 'kubespray run',
    caption: 'How to run kubespray for kubelets alone',
    lines: () => ['ansible-playbook cluster.yml --tags facts,kubelet'],
  },
  {
    source: 'ConfigMap kube-system/kubelet-config',
    caption: 'For the key kubelet: kubectl -n kube-system edit configmap kubelet-config',
    lines: (target) => [`resolvConf: ${target}`],
  },
];

function lines(source: string, target: string): readonly Block[] {
  const known = LINES.find((one) => source.startsWith(one.source));
  return known ? [{ kind: 'paste', caption: known.caption, lines: known.lines(target) }] : [];
}

const check = ({ spec }: StoredRecord): readonly Block[] => [
  {
    kind: 'paste',
    caption: isOfFileAlone({ spec })
      ? 'To check, after the next start of the kubelet, what a new DNS pod is given'
      : 'To check what the next DNS pod on the node would be given',
    lines: [`kubectl dnshealth check ${shellWord(spec.node.name)}`],
  },
];
