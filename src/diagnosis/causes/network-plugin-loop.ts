/** Cause: the network plugin or kube-proxy sends a node-local cache its own queries back, although its Corefile is right. */
import { type ExamRule, ruledOut } from '../exam/exam-rule.ts';
import { fromGate } from '../exam/from-gate.ts';
import type { CauseRule } from '../loop-facts.ts';
import { isNodeLocalDns } from '../node-local.ts';

export const networkPluginLoop: CauseRule = ({ names, origin, sighting }) => {
  if (!isNodeLocalDns(names) || origin !== 'cluster-dns' || sighting.zone === '.') return null;
  return {
    cause: 'NetworkPluginLoop',
    remedy: {
      kind: 'advice',
      advice: `The node-local DNS cache asked CoreDNS for "${sighting.zone}" at ${sighting.from}, and the query came back to the cache: the network plugin sends packets for that Service address to the cache on the node. Exclude the cache from that: with Calico in eBPF mode set bpfExcludeCIDRsFromNAT to ${sighting.from}/32 and the address of the cache, with Cilium use a CiliumLocalRedirectPolicy instead of the address of the Service, with kube-proxy in IPVS mode bind the cache to its link-local address only.`,
    },
  };
};

export const networkPluginLoopExam: ExamRule = {
  cause: 'NetworkPluginLoop',
  judge: (facts) => {
    if (!facts.isNodeLocal) return ruledOut('The pod is not a node-local DNS cache.');
    const { names, loop } = facts;
    const from = loop?.diagnosis.sighting.from;
    return fromGate(
      facts,
      'NetworkPluginLoop',
      () => ({
        confidence: 'medium',
        summary: `The network plugin on ${names.node} sends the queries of ${names.pod} to the Service address ${from} back to the cache itself.`,
        commands: {
          fix: [
            `kubectl patch felixconfiguration default --type merge -p '{"spec":{"bpfExcludeCIDRsFromNAT":["${from}/32"]}}' # Calico in eBPF mode`,
            `kubectl -n ${names.namespace} delete pod ${names.pod}`,
          ],
          check: [`kubectl -n ${names.namespace} logs ${names.pod}`, 'kubectl dnshealth diagnose'],
        },
      }),
      'The query did not come back from the Service address of the cluster DNS.',
    );
  },
};
