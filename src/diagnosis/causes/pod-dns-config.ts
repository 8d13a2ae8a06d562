/** Cause: the pod template decides what is in the pod's resolv.conf, so the fix belongs there and not on a node. */
import { type ExamRule, open } from '../exam/exam-rule.ts';
import { fromGate } from '../exam/from-gate.ts';
import { missing } from '../exam/missing.ts';
import type { CauseRule } from '../loop-facts.ts';
import { editWorkload } from '../object-names.ts';

export const podDnsConfig: CauseRule = ({ names, pod, origin, corefile }) => {
  if (pod.hostNetwork || origin === 'elsewhere' || origin === 'unnamed') return null;
  if (corefile.kind !== 'root' || !corefile.forward.usesPodResolvConf) return null;
  const nameservers = pod.dnsConfigNameservers;
  if (pod.dnsPolicy === 'Default' && nameservers.length === 0) return null;
  return {
    cause: 'PodDnsConfig',
    remedy: { kind: 'advice', advice: adviceFor(pod.dnsPolicy, nameservers, editWorkload(names)) },
  };
};

function adviceFor(dnsPolicy: string, nameservers: readonly string[], edit: string): string {
  const list = nameservers.join(', ');
  switch (dnsPolicy) {
    case 'Default':
      return `The pod template of CoreDNS adds ${list} to the nameservers of the node (dnsConfig.nameservers). Remove the entries that lead back to CoreDNS, or the whole list: ${edit}. If CoreDNS still loops after that, the operator checks the node.`;
    case 'None':
      return `The pod template of CoreDNS sets dnsPolicy: None, so CoreDNS asks ${list || 'no server'} (dnsConfig.nameservers) instead of the nameservers of the node. List your upstream resolvers there, or set dnsPolicy: Default: ${edit}.`;
    default:
      return `The pod template of CoreDNS sets dnsPolicy: ${dnsPolicy}, so CoreDNS asks the cluster DNS, which is CoreDNS itself. Set dnsPolicy: Default: ${edit}.`;
  }
}

export const podDnsConfigExam: ExamRule = {
  cause: 'PodDnsConfig',
  judge: (facts) => {
    const { pod } = facts.case;
    return fromGate(
      facts,
      'PodDnsConfig',
      () => ({
        confidence: 'high',
        summary: `The pod template of ${facts.names.workload} decides which servers CoreDNS asks (dnsPolicy: ${pod?.dnsPolicy}${pod?.dnsConfigNameservers.length ? `, dnsConfig: ${pod.dnsConfigNameservers.join(', ')}` : ''}), and they lead back to it.`,
        commands: {
          fix: [`kubectl -n ${facts.names.namespace} edit ${facts.names.workload}`],
          check: [
            `kubectl -n ${facts.names.namespace} get ${facts.names.workload.replace(' ', '/')} -o jsonpath='{.spec.template.spec.dnsPolicy} {.spec.template.spec.dnsConfig}'`,
            'kubectl dnshealth diagnose',
          ],
        },
      }),
      pod === undefined
        ? open(missing('pod', facts.names))
        : 'The pod template takes the nameservers of the node and adds none.',
    );
  },
};
