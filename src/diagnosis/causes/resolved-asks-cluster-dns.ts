/** Cause: systemd-resolved is configured to ask the cluster DNS or a node-local cache, so that its own file lists it. */
import type { SavedText } from '../case.ts';
import { afterwards, deletePod, onNode } from '../exam/commands.ts';
import { clusterServersIn, type ExamFacts } from '../exam/exam-facts.ts';
import { type ExamRule, open, ruledOut } from '../exam/exam-rule.ts';
import { missing } from '../exam/missing.ts';
import { bypassesNode, evidenceOf, onPlatform } from '../exam/node-file.ts';
import { isNodeLocalAddress } from '../node-local.ts';

export const resolvedAsksClusterDnsExam: ExamRule = {
  cause: 'ResolvedAsksClusterDNS',
  judge: (facts) => {
    const { names, uplink, isNodeLocal } = facts;
    // A node-local cache runs in the host network and reads the file of the host, whatever the kubelet says.
    const bypass = isNodeLocal ? null : bypassesNode(facts);
    if (bypass !== null) return ruledOut(bypass);
    if (!uplink) return open(missing('hostFiles', names));
    const servers = clusterServersIn(uplink, facts);
    if (servers.length === 0) return ruledOut(`${uplink.source} lists no address of the cluster DNS.`);
    const dropIn = configuredIn(servers, facts);
    const place = dropIn
      ? `${dropIn.source}:${dropIn.line}`
      : 'resolved.conf, one of its drop-ins, or the link';
    return {
      kind: 'found',
      finding: {
        confidence: dropIn ? 'high' : 'medium',
        summary: `On ${names.node}, systemd-resolved is configured to ask ${servers.join(', ')}, which is ${servers.every(isNodeLocalAddress) ? 'the node-local DNS cache' : 'the cluster DNS'} (${place}), so that ${uplink.source} lists it and DNS pods ask themselves.`,
        evidence: [
          ...(dropIn ? [{ source: place, text: dropIn.text }] : []),
          ...evidenceOf(facts, facts.sandbox, uplink),
        ],
        repair: { by: 'person' },
        ...(onPlatform(facts) ?? {
          remedy: `In ${place} on ${names.node}, replace ${servers.join(', ')} in DNS= with your real resolvers, restart systemd-resolved, then delete ${names.pod}. With kubespray, list the resolvers in upstream_dns_servers (group_vars/all): it writes /etc/systemd/resolved.conf.d/kubespray.conf, and CoreDNS and nodelocaldns then use them instead of a file.`,
          commands: {
            fix: [
              onNode(names),
              `grep -rn '^DNS=' /etc/systemd/resolved.conf /etc/systemd/resolved.conf.d/`,
              ...(dropIn
                ? [`sed -i.bak '${dropIn.line}s/^DNS=.*/DNS=YOUR-RESOLVERS/' ${dropIn.source}`]
                : []),
              'systemctl restart systemd-resolved',
              'cat /run/systemd/resolve/resolv.conf',
              '# then, from where kubectl runs:',
              deletePod(names),
            ],
            check: afterwards(names),
          },
        }),
      },
      missing: dropIn
        ? []
        : [
            {
              what: 'the configuration of systemd-resolved',
              why: 'It shows in which file the address of the cluster DNS has to be replaced.',
              command: `# on node ${names.node}: grep -rn '^DNS=' /etc/systemd/resolved.conf /etc/systemd/resolved.conf.d/`,
            },
          ],
    };
  },
};

/** The line of a resolved.conf or of a drop-in that names one of these servers. */
function configuredIn(
  servers: readonly string[],
  { case: { hostFiles } }: ExamFacts,
): (SavedText & { readonly line: number }) | undefined {
  for (const { source, text } of hostFiles) {
    if (!/resolved\.conf/.test(source)) continue;
    for (const [index, line] of text.split('\n').entries())
      if (/^\s*DNS\s*=/.test(line) && servers.some((server) => line.split(/[\s=]+/).includes(server)))
        return { source, text: line.trim(), line: index + 1 };
  }
  return undefined;
}
