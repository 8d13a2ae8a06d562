/** Cause: resolvConf is the empty string, so that the kubelet writes a loopback address into its pods' resolv.conf. */
import { setResolvConf } from '../exam/commands.ts';
import type { ExamFacts, GradedText } from '../exam/exam-facts.ts';
import { type ExamRule, open, ruledOut } from '../exam/exam-rule.ts';
import { missing } from '../exam/missing.ts';
import { bypassesNode, consequence, evidenceOf, onPlatform, operatorRepairs } from '../exam/node-file.ts';

export const emptyResolvConfExam: ExamRule = {
  cause: 'EmptyResolvConf',
  judge: (facts) => {
    const { names, kubelet, target } = facts;
    const bypass = bypassesNode(facts);
    if (bypass !== null) return ruledOut(bypass);
    const isEmpty = kubelet.value === '';
    if (!isEmpty && kubelet.value !== undefined)
      return ruledOut(`resolvConf is ${kubelet.value}, not the empty string (${kubelet.source}).`);
    const file = [facts.next, facts.sandbox].find((text) => text && isWrittenByKubelet(text));
    if (!isEmpty && !file) return notSeen(facts);
    return {
      kind: 'found',
      finding: {
        confidence: isEmpty ? 'high' : 'medium',
        summary: isEmpty
          ? `The resolvConf of the kubelet on ${names.node} is the empty string (${kubelet.source}): the kubelet then gives its pods 127.0.0.1. ${consequence(facts)}.`
          : `Pods on ${names.node} are given the nameserver ${file?.nameservers.join(', ')} and \`search .\`, as the kubelet writes them if resolvConf is the empty string. ${consequence(facts)}.`,
        evidence: evidenceOf(facts, facts.sandbox, facts.next),
        repair: operatorRepairs(
          facts,
          'spec.repair.replaceEmptyValue: true in the policy, because the empty value may be deliberate',
        ),
        ...(onPlatform(facts) ?? {
          remedy: `Set resolvConf on ${names.node} to a file with real upstream servers, such as ${target.path}, restart the kubelet, then delete ${names.pod}. The empty string does not mean "no DNS": the kubelet writes 127.0.0.1 (::1 on IPv6) for it.`,
          commands: setResolvConf(facts),
        }),
      },
      missing: isEmpty ? [] : [missing('kubelet', names)],
    };
  },
};

const notSeen = ({ next, names }: ExamFacts) =>
  next
    ? ruledOut(
        `${next.source} lists ${next.nameservers.join(', ') || 'no nameserver'}, which the kubelet does not write by itself.`,
      )
    : open(missing('kubelet', names));

/** pkg/kubelet/network/dns: the loopback address of the pod's family, and the search domain of the root. */
function isWrittenByKubelet({ text, nameservers }: GradedText): boolean {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return (
    nameservers.length > 0 &&
    nameservers.every((server) => server === '127.0.0.1' || server === '::1') &&
    lines.every((line) => /^(?:nameserver \S+|search \.)$/.test(line)) &&
    lines.includes('search .')
  );
}
