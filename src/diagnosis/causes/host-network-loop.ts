/** Cause: CoreDNS runs in the host network and asks the host, where it listens itself. */
import { editCorefileCommands } from '../exam/commands.ts';
import { type ExamRule, open } from '../exam/exam-rule.ts';
import { fromGate } from '../exam/from-gate.ts';
import { missing } from '../exam/missing.ts';
import type { CauseRule } from '../loop-facts.ts';
import { editCorefile } from '../object-names.ts';

export const hostNetworkLoop: CauseRule = ({ names, pod, origin, sighting }) => {
  if (!pod.hostNetwork || (origin !== 'loopback' && origin !== 'pod')) return null;
  return {
    cause: 'HostNetworkLoop',
    remedy: {
      kind: 'advice',
      advice: `CoreDNS runs in the host network, and its queries came back from the host (${sighting.from}). In the forward line of the Corefile, replace /etc/resolv.conf or the node's own address with your upstream resolvers: ${editCorefile(names)}. The kubelet is not changed, because pods outside the host network do not have this loop.`,
    },
  };
};

export const hostNetworkLoopExam: ExamRule = {
  cause: 'HostNetworkLoop',
  judge: (facts) =>
    fromGate(
      facts,
      'HostNetworkLoop',
      () => ({
        confidence: 'high',
        summary: `CoreDNS in ${facts.names.pod} runs in the host network of ${facts.names.node} and asks that very host, where it listens itself.`,
        commands: editCorefileCommands(facts.names),
      }),
      facts.case.pod === undefined
        ? open(missing('pod', facts.names))
        : facts.case.pod.hostNetwork
          ? 'The pod runs in the host network, but the query did not come back from the host.'
          : 'The pod does not run in the host network.',
    ),
};
