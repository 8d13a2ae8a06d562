/** Cause: the kubelet's file has no content, and the container runtime then copies the /etc/resolv.conf of the host. */
import { afterwards, deletePod, onNode } from '../exam/commands.ts';
import type { ExamFacts } from '../exam/exam-facts.ts';
import { type ExamRule, open, ruledOut } from '../exam/exam-rule.ts';
import { missing } from '../exam/missing.ts';
import { bypassesNode, evidenceOf } from '../exam/node-file.ts';

export const runtimeCopiesHostFileExam: ExamRule = {
  cause: 'RuntimeCopiesHostFile',
  judge: (facts) => {
    const { names, kubelet, hostDefault } = facts;
    const bypass = bypassesNode(facts);
    if (bypass !== null) return ruledOut(bypass);
    const { value } = kubelet;
    if (value === undefined) return open(missing('kubelet', names));
    if (value === '/etc/resolv.conf' || value === '')
      return ruledOut(
        `resolvConf is ${value || '""'}, so the kubelet does not read another file that could be empty.`,
      );
    const file = fileOf(value, facts);
    if (file === undefined) return open(missing('hostFiles', names));
    if (/^\s*(?:nameserver|search|options)\s+\S/m.test(file))
      return ruledOut(`${value} has content, so that the container runtime uses it.`);
    const given = facts.case.newPodResolvConf ? facts.next : facts.sandbox;
    const copied = given && hostDefault && given.nameservers.join() === hostDefault.nameservers.join();
    return {
      kind: 'found',
      finding: {
        confidence: copied ? 'high' : 'medium',
        summary: `The resolvConf of the kubelet on ${names.node} is ${value}, which lists no nameserver, search domain or option. The container runtime takes that for "not set" and copies /etc/resolv.conf of the host${hostDefault ? ` (${hostDefault.nameservers.join(', ')})` : ''} into the pod.`,
        evidence: [
          { source: value, text: file.trim() === '' ? '(empty)' : file.trim() },
          ...evidenceOf(facts, given, hostDefault),
        ],
        repair: { by: 'person' },
        remedy: `Give ${value} content: configure DNS servers on the node, so that the file lists them (with systemd-resolved: DNS= of the link in netplan or networkd). Then delete ${names.pod}. Newer containerd (1.6.34, 1.7.21, 2.0) no longer copies the file of the host; CRI-O still does.`,
        commands: {
          fix: [
            onNode(names),
            'resolvectl status',
            `cat ${value}`,
            '# when it lists servers, from where kubectl runs:',
            deletePod(names),
          ],
          check: afterwards(names),
        },
      },
      missing: copied ? [] : [missing('next', names)],
    };
  },
};

const fileOf = (path: string, { case: { hostFiles } }: ExamFacts): string | undefined =>
  hostFiles.find(({ source }) => source === path)?.text;
