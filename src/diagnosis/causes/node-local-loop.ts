/** Cause: a node-local DNS cache forwards to itself, or CoreDNS and the cache ask each other. */
import { NODE_LOCAL_DNS } from '../../api/node-local-dns.ts';
import { deletePod } from '../exam/commands.ts';
import { clusterServersIn, type ExamNames } from '../exam/exam-facts.ts';
import { type ExamRule, ruledOut } from '../exam/exam-rule.ts';
import type { Commands } from '../examination.ts';
import { parseIp } from '../ip-address.ts';
import type { CauseRule, LoopFacts } from '../loop-facts.ts';
import { isNodeLocalAddress, isNodeLocalDns } from '../node-local.ts';

export const nodeLocalLoop: CauseRule = (facts) => {
  if (!isNodeLocalDns(facts.names) || !returnsToItself(facts)) return null;
  return {
    cause: 'NodeLocalLoop',
    remedy: { kind: 'advice', advice: `${story(facts.sighting.from)} ${remedyFor(facts.sighting.from)}` },
  };
};

/** From its own address, that of its node, or one that only such caches have. */
function returnsToItself({ origin, sighting: { from = '', to = '' } }: LoopFacts): boolean {
  const listens = to.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  const own = parseIp(listens)?.canonical;
  return (
    origin === 'loopback' ||
    origin === 'pod' ||
    isNodeLocalAddress(from) ||
    (own !== undefined && own === parseIp(from)?.canonical)
  );
}

const story = (from = 'an address that the log does not name'): string =>
  `The node-local DNS cache forwards to itself: its query came back from ${from}.`;

/** Each installer writes the upstream servers of the cache in another place. */
export function remedyFor(from: string | undefined): string {
  const [kubernetes, kubespray, ...localDns] = NODE_LOCAL_DNS;
  const address = parseIp(from ?? '')?.canonical;
  if (address === kubespray)
    return 'Set upstream_dns_servers (kubespray, group_vars/all) to your real resolvers and run the play with `--tags facts,coredns,nodelocaldns`; until then, replace `forward . /etc/resolv.conf` in the block "." of the ConfigMap nodelocaldns with those addresses. With upstream_dns_servers unset, the cache asks the file of the node, which kubespray makes list 169.254.25.10.';
  if (address === kubernetes)
    return 'In the ConfigMap node-local-dns, replace `forward . __PILLAR__UPSTREAM__SERVERS__` (or /etc/resolv.conf) in the block "." with the addresses of your real resolvers. The cache fills that placeholder from the resolv.conf of the node, which lists the cache itself.';
  if (localDns.some((known) => known === address))
    return 'This is LocalDNS of AKS. In the localDNSProfile of the node pool, forward "." to VnetDNS or to your real resolvers, not to ClusterCoreDNS: `az aks nodepool update --localdns-config`. The nodes of the pool are reimaged.';
  return 'In the ConfigMap of the cache (node-local-dns, with kubespray nodelocaldns), forward the zone to your real resolvers instead of /etc/resolv.conf: __PILLAR__UPSTREAM__SERVERS__, with kubespray upstream_dns_servers.';
}

const commands = (names: ExamNames, from: string | undefined): Commands => {
  const name = parseIp(from ?? '')?.canonical === NODE_LOCAL_DNS[1] ? 'nodelocaldns' : 'node-local-dns';
  return {
    fix: [
      `kubectl -n ${names.namespace} edit configmap ${name}`,
      `kubectl -n ${names.namespace} rollout restart daemonset/${name}`,
      ...(isNodeLocalDns(names) ? [] : [deletePod(names)]),
    ],
    check: [
      `# on node ${names.node}: cat /etc/resolv.conf /run/systemd/resolve/resolv.conf # must not list ${from ?? 'the address of the cache'}`,
      `kubectl -n ${names.namespace} rollout status daemonset/${name}`,
      `kubectl dnshealth diagnose --node ${names.node}`,
    ],
  };
};

export const nodeLocalLoopExam: ExamRule = {
  cause: 'NodeLocalLoop',
  judge: (facts) => {
    const { loop, names, corefile, given } = facts;
    const from = loop?.diagnosis.sighting.from;
    const isCache = loop?.diagnosis.cause === 'NodeLocalLoop';
    const listed = given && !isCache ? clusterServersIn(given, facts) : [];
    if (listed.length > 0)
      return ruledOut(`The query came back through ${listed.join(', ')}, which ${given?.source} lists.`);
    if (!loop || !(isCache || (from !== undefined && isNodeLocalAddress(from))))
      return ruledOut(
        `The loop does not go through a node-local DNS cache (${from ?? 'no address is known'}).`,
      );
    return {
      kind: 'found',
      finding: {
        confidence: 'high',
        summary: isCache
          ? `The node-local DNS cache ${names.pod} on ${names.node} forwards to itself${from ? ` (${from})` : ''}.`
          : `CoreDNS in ${names.pod} asks the node-local DNS cache ${from} as its upstream, and the cache asks CoreDNS.`,
        evidence: [
          { source: `log of ${names.pod}`, text: loop.diagnosis.sighting.line },
          ...(corefile.kind === 'read' && corefile.root
            ? [{ source: corefile.source, text: `forward . ${corefile.root.targets.join(' ')}` }]
            : []),
        ],
        repair: { by: 'person' },
        remedy: `${remedyFor(from)} Remove the address of the cache from the resolv.conf of the node as well.`,
        commands: commands(names, from),
      },
    };
  },
};
