/** Cause: the kubelet is right by now, but the pod is older than that and keeps the resolv.conf that it was created with. */
import { deletePod } from '../exam/commands.ts';
import type { ExamFacts, GradedText } from '../exam/exam-facts.ts';
import { type ExamRule, open, ruledOut } from '../exam/exam-rule.ts';
import { missing } from '../exam/missing.ts';
import { bypassesNode, evidenceOf, loopsByLog, operatorRepairs } from '../exam/node-file.ts';
import { isUsable } from '../resolv-conf.ts';

export const staleSandboxExam: ExamRule = {
  cause: 'StaleSandbox',
  judge: (facts) => {
    const { names, sandbox, next } = facts;
    const bypass = bypassesNode(facts);
    if (bypass !== null) return ruledOut(bypass);
    const oldIsBad = sandbox ? leadsBack(sandbox) : loopsByLog(facts);
    if (!oldIsBad)
      return sandbox
        ? ruledOut(`${sandbox.source}, which the pod was given, does not lead back to it.`)
        : ruledOut('Nothing shows that the pod was given a resolv.conf that leads back to it.');
    if (!next) return open(missing('next', names));
    if (!isUsable(next.class, { acceptRisky: true }))
      return ruledOut(
        `A new pod on ${names.node} would be given the same: ${next.nameservers.join(', ') || 'no nameserver'}.`,
      );
    const age = olderThanKubelet(facts);
    return {
      kind: 'found',
      finding: {
        confidence: facts.case.newPodResolvConf || age ? 'high' : 'medium',
        summary: `The kubelet on ${names.node} gives new pods ${next.nameservers.join(', ')}, but ${names.pod} was created before that and keeps its old resolv.conf${sandbox ? ` (${sandbox.nameservers.join(', ')})` : ''}.`,
        evidence: [
          ...evidenceOf(facts, sandbox, next),
          ...(age ? [{ source: `pod ${names.pod}, node ${names.node}`, text: age }] : []),
        ],
        repair: operatorRepairs(facts),
        remedy: `Delete ${names.pod}. Restarts of its container do not help: the resolv.conf belongs to the sandbox of the pod, which only a new pod replaces.`,
        commands: {
          fix: [deletePod(names)],
          check: [
            `kubectl -n ${names.namespace} get pods -o wide --field-selector spec.nodeName=${names.node}`,
            `kubectl dnshealth diagnose --node ${names.node}`,
          ],
        },
      },
      missing: facts.case.newPodResolvConf || age ? [] : [missing('next', names)],
    };
  },
};

const leadsBack = ({ class: cls }: GradedText): boolean =>
  cls === 'stub' || cls === 'loopback' || cls === 'mixed-loopback';

function olderThanKubelet({ case: { pod, node } }: ExamFacts): string | null {
  const [created, started] = [pod?.createdAt, node?.kubeletStartedAt];
  if (created === undefined || started === undefined || created >= started) return null;
  return `created ${new Date(created).toISOString()}, before the kubelet was started ${new Date(started).toISOString()}`;
}
