/** Cause: systemd-resolved knows no real server, so that the node has no file that resolvConf could be set to. */
import { afterwards, onNode } from '../exam/commands.ts';
import type { ExamFacts } from '../exam/exam-facts.ts';
import { type ExamRule, open, ruledOut } from '../exam/exam-rule.ts';
import { missing } from '../exam/missing.ts';
import { bypassesNode, evidenceOf, onPlatform } from '../exam/node-file.ts';

export const uplinkWithoutServersExam: ExamRule = {
  cause: 'UplinkWithoutServers',
  judge: (facts) => {
    const { names, uplink, target } = facts;
    const bypass = bypassesNode(facts);
    if (bypass !== null) return ruledOut(bypass);
    if (!uplink)
      return isInUse(facts) ? open(missing('hostFiles', names)) : ruledOut('The node is not the cause.');
    if (uplink.class !== 'empty' && uplink.class !== 'loopback' && uplink.class !== 'stub')
      return ruledOut(`${uplink.source} lists ${uplink.nameservers.join(', ')}.`);
    if (target.seen) return ruledOut(`${target.path} on the node lists real upstream servers.`);
    const lists = uplink.class === 'empty' ? 'no server' : `only ${uplink.nameservers.join(', ')}`;
    return {
      kind: 'found',
      finding: {
        confidence: 'high',
        summary: `On ${names.node}, systemd-resolved knows ${lists} (${uplink.source}), so that there is no good file on the node that the kubelet could give to its pods.`,
        evidence: [
          ...(/No DNS servers known/.test(uplink.text)
            ? [{ source: uplink.source, text: '# No DNS servers known.' }]
            : []),
          ...evidenceOf(facts, uplink),
        ],
        repair: { by: 'person' },
        ...(onPlatform(facts) ?? {
          remedy: `Configure real DNS servers for the network link of ${names.node}: nameservers in netplan, DNS= in a .network file of networkd, or \`nmcli connection modify\`. ${uplink.class === 'empty' ? '' : `Remove ${uplink.nameservers.join(', ')} from DNS= in /etc/systemd/resolved.conf and its drop-ins. `}Changing resolvConf of the kubelet does not help before that.`,
          commands: {
            fix: [
              onNode(names),
              'resolvectl status # which link has which servers',
              `grep -rn '^DNS=' /etc/systemd/resolved.conf /etc/systemd/resolved.conf.d/ /etc/netplan/`,
              '# add the servers there, then:',
              'netplan apply || networkctl reload',
              'systemctl restart systemd-resolved',
            ],
            check: [`# on node ${names.node}: cat /run/systemd/resolve/resolv.conf`, ...afterwards(names)],
          },
        }),
      },
    };
  },
};

/** Whether the file of systemd-resolved matters: the kubelet gives it out, or would be set to it. */
const isInUse = ({ loop, crash, given }: ExamFacts): boolean =>
  loop?.facts.origin === 'loopback' ||
  crash?.cause === 'NoUpstream' ||
  given?.class === 'stub' ||
  given?.class === 'empty';
