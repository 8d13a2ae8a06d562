/** Cause: the resolv.conf that the pod is given lists the cluster DNS, so that CoreDNS asks itself by way of its Service. */
import { setResolvConf } from '../exam/commands.ts';
import { clusterServersIn } from '../exam/exam-facts.ts';
import { type ExamRule, open, ruledOut } from '../exam/exam-rule.ts';
import { missing } from '../exam/missing.ts';
import { bypassesNode, evidenceOf, onPlatform } from '../exam/node-file.ts';

export const clusterDnsInResolvConfExam: ExamRule = {
  cause: 'ClusterDNSInResolvConf',
  judge: (facts) => {
    const { names, loop, target } = facts;
    const bypass = bypassesNode(facts);
    if (bypass !== null) return ruledOut(bypass);
    const file = facts.next ?? facts.given;
    const origin = loop?.facts.origin;
    if (!file)
      return origin === 'cluster-dns' || origin === 'pod' || (loop && !facts.case.pod)
        ? open(missing('next', names), missing('hostFiles', names))
        : ruledOut('Nothing shows that the pod was given the address of the cluster DNS.');
    const servers = clusterServersIn(file, facts);
    if (servers.length === 0) return ruledOut(`${file.source} lists no address of the cluster DNS.`);
    return {
      kind: 'found',
      finding: {
        confidence: loop ? 'high' : 'medium',
        summary: `The resolv.conf that pods on ${names.node} are given lists ${servers.join(', ')}, which is the cluster DNS itself (${file.source}). CoreDNS asks itself by way of its Service, often only after it has started.`,
        evidence: evidenceOf(facts, facts.sandbox, file),
        repair: { by: 'person' },
        ...(onPlatform(facts) ?? {
          remedy: `Remove ${servers.join(', ')} from that file where it is written (netplan, DHCP, resolvconf, NetworkManager), or set resolvConf on ${names.node} to a file without it${target.seen ? `, ${target.path}` : ''}. Then restart the kubelet and delete ${names.pod}.`,
          commands: setResolvConf(facts),
        }),
      },
      missing: loop ? [] : [missing('log', names)],
    };
  },
};
