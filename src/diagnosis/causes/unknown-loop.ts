/** Cause: certainly a loop, but its origin is unknown. Always the last rule, because it matches everything. */
import { assertNever } from '../../api/assert-never.ts';
import { type ExamRule, ruledOut } from '../exam/exam-rule.ts';
import { missing } from '../exam/missing.ts';
import type { LoopFacts } from '../loop-facts.ts';
import { editCorefile } from '../object-names.ts';
import type { Unseen } from '../root-forward.ts';

/**
 * Log lines before 1.3.1 name no address. The kubelet may well be the cause of such a line, but it is not repaired:
 * without the address, an upstream resolver that forwards back looks exactly the same, and a kubelet would be
 * restarted for nothing. Refuse rather than guess.
 */
export function unknownLoop(facts: LoopFacts) {
  return { cause: 'UnknownLoop', remedy: { kind: 'advice', advice: adviceFor(facts) } } as const;
}

function adviceFor({ names, origin, corefile }: LoopFacts): string {
  if (origin === 'unnamed') {
    return "This release of CoreDNS reports a loop without the address that the query came back from, so either the node or an upstream resolver may cause it. Check the file that the kubelet's resolvConf points to on the node. If it lists a 127.x address, set resolvConf: /run/systemd/resolve/resolv.conf in the kubelet configuration, run `systemctl restart kubelet` there, and delete the pod. CoreDNS 1.3.1 and newer report the address.";
  }
  if (corefile.kind === 'unreadable') {
    return `The loop is inside the pod, but ${corefile.why}, so CoreDNS may be configured to ask itself. The node is not changed. ${corefile.remedy ?? `Make sure that the ConfigMap kube-system/${names.configMap} has a valid Corefile: ${editCorefile(names)}.`}`;
  }
  if (corefile.kind === 'root' && corefile.forward.unseen.length > 0) {
    const why = corefile.forward.unseen.map(describe).join(' ');
    return `The loop is inside the pod, but it is not certain that the node causes it. ${why} The node is not changed. Follow the query there. If it ends at the pod's /etc/resolv.conf, check the file that the kubelet's resolvConf points to on the node.`;
  }
  return "The loop is inside the pod, but what is known about the pod does not explain it. Compare the file that the kubelet's resolvConf points to on the node with the forward lines of the Corefile.";
}

function describe(unseen: Unseen): string {
  switch (unseen.kind) {
    case 'import':
      return `Where the Corefile forwards "." depends on ${unseen.files.join(', ')}, which it imports and the operator does not read.`;
    case 'variable':
      return `Where the Corefile forwards "." depends on a variable whose value the operator does not know: ${unseen.text}.`;
    case 'other-program':
      return `The Corefile forwards "." to ${unseen.target}, where none of its own server blocks for "." listens, so another program in the pod or an imported server block does.`;
    case 'no-forward':
      return 'The server block for "." has neither a forward line nor a proxy line for ".", so another plugin answers, or the pod runs with an older Corefile.';
    case 'several-blocks':
      return 'Several server blocks serve ".", and only some of them forward to /etc/resolv.conf.';
    default:
      return assertNever(unseen);
  }
}

/** The last rule of an examination as well: it is asked only if no other cause was found. */
export const unknownLoopExam: ExamRule = {
  cause: 'UnknownLoop',
  judge: (facts) => {
    const { loop, truncatedLoop, names } = facts;
    const line = loop?.diagnosis.sighting.line ?? truncatedLoop;
    if (line === undefined) return ruledOut('The log has no line of the loop plugin.');
    return {
      kind: 'found',
      finding: {
        confidence: 'low',
        summary: `CoreDNS in ${names.pod} ended because of a forwarding loop, and what is known does not show where it is.`,
        evidence: [{ source: `log of ${names.pod}`, text: line }],
        repair: { by: 'person' },
        remedy: loop
          ? adviceFor(loop.facts)
          : 'The line of the loop plugin is cut off before the part that says where the query came back from. Read the whole log of the crash.',
        commands: {
          fix: [`kubectl dnshealth check ${names.node} # is a loopback address listed?`],
          check: [`kubectl -n ${names.namespace} logs --previous ${names.pod}`],
        },
      },
      missing: (['corefile', 'next', 'kubelet', 'hostFiles'] as const)
        .filter((what) => what !== 'corefile' || facts.corefile.kind === 'unknown')
        .map((what) => missing(what, names)),
    };
  },
};
