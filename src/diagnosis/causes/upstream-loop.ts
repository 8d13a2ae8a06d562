/** Cause: another machine sends the cluster's queries back to it. The node is not at fault. */
import { deletePod } from '../exam/commands.ts';
import { cameThroughTheList } from '../exam/exam-facts.ts';
import { type ExamRule, ruledOut } from '../exam/exam-rule.ts';
import { fromGate } from '../exam/from-gate.ts';
import { parseIp } from '../ip-address.ts';
import type { CauseRule } from '../loop-facts.ts';
import { isNodeLocalAddress } from '../node-local.ts';

export const upstreamLoop: CauseRule = ({ origin, sighting }) => {
  if (origin !== 'elsewhere' && origin !== 'cluster-dns') return null;
  const from = sighting.from ?? '';
  return { cause: 'UpstreamLoop', remedy: { kind: 'advice', advice: adviceFor(from, origin) } };
};

function adviceFor(from: string, origin: 'elsewhere' | 'cluster-dns'): string {
  if (origin === 'cluster-dns') {
    return `The query came back from ${from}, the Service address of the cluster DNS. Either it is listed as an upstream server, in the resolv.conf of the node or in the Corefile, or the network plugin rewrites the source of DNS packets. Remove it from the list; if it is in neither, exclude the DNS pods from the network plugin's DNS interception.`;
  }
  if (parseIp(from)?.canonical.startsWith('169.254.')) {
    return `The query came back from ${from}, a link-local address as used by node-local DNS caches. Give that cache real upstream resolvers instead of the cluster DNS (kubespray: upstream_dns_servers), and remove ${from} from the resolv.conf that CoreDNS is given.`;
  }
  return `The query came back from ${from}, which is not this pod: an upstream resolver, or a gateway that translates its address, forwards "." to the cluster. Find the conditional forwarder there that points at the cluster DNS, and limit it to the cluster domain.`;
}

export const upstreamLoopExam: ExamRule = {
  cause: 'UpstreamLoop',
  judge: (facts) => {
    const from = facts.loop?.diagnosis.sighting.from;
    if (from !== undefined && isNodeLocalAddress(from))
      return ruledOut(`${from} is the address of a node-local DNS cache, not of another machine.`);
    const listed = cameThroughTheList(facts);
    if (listed !== null) return ruledOut(listed);
    return fromGate(
      facts,
      'UpstreamLoop',
      () => ({
        // Without the pod, the address may be its own.
        confidence: !facts.case.pod ? 'low' : facts.loop?.facts.origin === 'elsewhere' ? 'high' : 'medium',
        summary: `The query of CoreDNS in ${facts.names.pod} came back from ${from}, ${facts.case.pod ? 'which is not the pod' : 'unless that is the pod itself'}: that server or gateway sends the queries of the cluster back to it.`,
        commands: {
          fix: [
            `# on the resolver ${from}: remove the forwarding of "." to the cluster, or limit it to the domain of the cluster`,
            deletePod(facts.names),
          ],
          check: [
            `kubectl -n ${facts.names.namespace} logs ${facts.names.pod}`,
            `# from any machine, must not time out: dig @${from} example.com`,
          ],
        },
      }),
      from === undefined
        ? 'The log names no address that the query came back from.'
        : `The query came back from ${from}, which is not another machine.`,
    );
  },
};
