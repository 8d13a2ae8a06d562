/** Cause: the kubelet is right by now, but the pod is older than that and keeps the resolv.conf that it was created with. */
import { RESOLV_CONF_TARGETS } from '../../api/policy.ts';
import { deletePod } from '../exam/commands.ts';
import type { ExamFacts } from '../exam/exam-facts.ts';
import { type ExamRule, open, ruledOut, type Verdict } from '../exam/exam-rule.ts';
import { missing } from '../exam/missing.ts';
import {
  bypassesNode,
  evidenceOf,
  leadsBack,
  loopsByLog,
  mayBeTheNode,
  operatorRepairs,
} from '../exam/node-file.ts';
import type { Finding } from '../examination.ts';
import { isUsable } from '../resolv-conf.ts';

export const staleSandboxExam: ExamRule = {
  cause: 'StaleSandbox',
  judge: (facts) => {
    const { names, sandbox, next } = facts;
    const bypass = bypassesNode(facts);
    if (bypass !== null) return ruledOut(bypass);
    const oldIsBad = sandbox ? leadsBack(sandbox) : loopsByLog(facts);
    if (!oldIsBad && !sandbox && mayBeTheNode(facts)) return open(missing('next', names));
    if (!oldIsBad)
      return sandbox
        ? ruledOut(`${sandbox.source}, which the pod was given, does not lead back to it.`)
        : ruledOut('Nothing shows that the pod was given a resolv.conf that leads back to it.');
    if (!next) return byItsAge(facts);
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
        ...whatToDo(facts),
      },
      missing: facts.case.newPodResolvConf || age ? [] : [missing('next', names)],
    };
  },
};

/** The content of the file is not known, but its path is that of a file with the servers of the uplink. */
function byItsAge(facts: ExamFacts): Verdict {
  const { names, sandbox, kubelet } = facts;
  const age = olderThanKubelet(facts);
  if (kubelet.value === undefined || !UPLINKS.includes(kubelet.value) || !age)
    return open(missing('next', names));
  return {
    kind: 'found',
    finding: {
      confidence: 'medium',
      summary: `The kubelet on ${names.node} reads ${kubelet.value} by now, but ${names.pod} was created before that kubelet was started and keeps its old resolv.conf${sandbox ? ` (${sandbox.nameservers.join(', ')})` : ''}.`,
      evidence: [
        ...evidenceOf(facts, sandbox),
        { source: `pod ${names.pod}, node ${names.node}`, text: age },
      ],
      ...whatToDo(facts),
    },
    missing: [missing('next', names)],
  };
}

/** The files that a right kubelet reads on a node with systemd-resolved or NetworkManager. */
const UPLINKS: readonly string[] = RESOLV_CONF_TARGETS;

function whatToDo(facts: ExamFacts): Pick<Finding, 'repair' | 'remedy' | 'commands'> {
  const { names } = facts;
  return {
    repair: operatorRepairs(facts),
    remedy: `Delete ${names.pod}. Restarts of its container do not help: the resolv.conf belongs to the sandbox of the pod, which only a new pod replaces.`,
    commands: {
      fix: [deletePod(names)],
      check: [
        `kubectl -n ${names.namespace} get pods -o wide --field-selector spec.nodeName=${names.node}`,
        `kubectl dnshealth diagnose --node ${names.node}`,
      ],
    },
  };
}

function olderThanKubelet({ case: { pod, node } }: ExamFacts): string | null {
  const [created, started] = [pod?.createdAt, node?.kubeletStartedAt];
  if (created === undefined || started === undefined || created >= started) return null;
  return `created ${new Date(created).toISOString()}, before the kubelet was started ${new Date(started).toISOString()}`;
}
