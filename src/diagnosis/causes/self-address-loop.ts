/** Cause: the query came back from one of the pod's own addresses. */
import { deletePod } from '../exam/commands.ts';
import { cameThroughTheList } from '../exam/exam-facts.ts';
import { type ExamRule, open, ruledOut } from '../exam/exam-rule.ts';
import { fromGate } from '../exam/from-gate.ts';
import { missing } from '../exam/missing.ts';
import type { CauseRule } from '../loop-facts.ts';

export const selfAddressLoop: CauseRule = ({ origin, sighting }) => {
  if (origin !== 'pod') return null;
  return {
    cause: 'SelfAddressLoop',
    remedy: {
      kind: 'advice',
      advice: `The query came back from the pod's own address ${sighting.from}: an upstream address leads back to CoreDNS, most often the Service address of the cluster DNS. Find that address in the file that the kubelet's resolvConf points to on the node, or in the Corefile, and remove it.`,
    },
  };
};

export const selfAddressLoopExam: ExamRule = {
  cause: 'SelfAddressLoop',
  judge: (facts) => {
    const listed = cameThroughTheList(facts);
    if (listed !== null) return ruledOut(listed);
    return fromGate(
      facts,
      'SelfAddressLoop',
      () => ({
        confidence: 'medium',
        summary: `A query of CoreDNS in ${facts.names.pod} came back from the pod's own address ${facts.loop?.diagnosis.sighting.from}: one of its upstream servers leads back to it.`,
        commands: {
          fix: [
            `kubectl -n ${facts.names.namespace} get configmap ${facts.names.configMap} -o yaml # does a forward line name ${facts.case.clusterDNS.join(' or ') || 'the address of the cluster DNS'}?`,
            `kubectl dnshealth check ${facts.names.node} # does the resolv.conf of the node list it?`,
          ],
          check: [deletePod(facts.names), 'kubectl dnshealth diagnose'],
        },
      }),
      facts.case.pod === undefined && facts.loop?.facts.origin === 'elsewhere'
        ? open(missing('pod', facts.names))
        : 'The query did not come back from an address of the pod.',
    );
  },
};
