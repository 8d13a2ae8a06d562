/** Cause: systemd-resolved knows no real server, so that the node has no file that resolvConf could be set to. */
import { afterwards, onNode } from '../exam/commands.ts';
import { type ExamFacts, UPLINK } from '../exam/exam-facts.ts';
import { type ExamRule, open, ruledOut, type Verdict } from '../exam/exam-rule.ts';
import { missing } from '../exam/missing.ts';
import { bypassesNode, evidenceOf, leadsBack, loopsByLog, onPlatform } from '../exam/node-file.ts';
import type { Finding } from '../examination.ts';

export const uplinkWithoutServersExam: ExamRule = {
  cause: 'UplinkWithoutServers',
  judge: (facts) => {
    const { names, uplink, target } = facts;
    const bypass = bypassesNode(facts);
    if (bypass !== null) return ruledOut(bypass);
    if (!uplink && isLeftByElimination(facts)) return unseen(facts);
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
        summary: `On ${names.node}, systemd-resolved has ${lists} (${uplink.source}), so the kubelet has no usable file to give to its pods.`,
        evidence: [
          ...(/No DNS servers known/.test(uplink.text)
            ? [{ source: uplink.source, text: '# No DNS servers known.' }]
            : []),
          ...evidenceOf(facts, uplink),
        ],
        repair: { by: 'person' },
        ...(onPlatform(facts) ?? howToFix(facts, lists)),
      },
    };
  },
};

/** The kubelet names that file, the pod is not older than this kubelet, and still asks itself: see its log or its servers. */
function isLeftByElimination(facts: ExamFacts): boolean {
  const { pod, node } = facts.case;
  const [created, started] = [pod?.createdAt, node?.kubeletStartedAt];
  const isNewer = created !== undefined && started !== undefined && created > started;
  const asksItself = facts.given ? leadsBack(facts.given) : loopsByLog(facts);
  return isNewer && asksItself && facts.kubelet.value === UPLINK;
}

function unseen(facts: ExamFacts): Verdict {
  const { names } = facts;
  return {
    kind: 'found',
    finding: {
      confidence: 'medium',
      summary: `The kubelet on ${names.node} names ${UPLINK}, and CoreDNS in ${names.pod} asks itself all the same: systemd-resolved knows no real server there, so that the file lists none, and some container runtimes then copy /etc/resolv.conf of the host.`,
      evidence: evidenceOf(facts, facts.given),
      repair: { by: 'person' },
      ...(onPlatform(facts) ?? howToFix(facts, 'no server')),
    },
    missing: [missing('hostFiles', names), missing('next', names)],
  };
}

/** Whether the file of systemd-resolved matters: the kubelet gives it out, or would be set to it. */
const isInUse = ({ loop, crash, given }: ExamFacts): boolean =>
  loop?.facts.origin === 'loopback' ||
  crash?.cause === 'NoUpstream' ||
  given?.class === 'stub' ||
  given?.class === 'empty';

function howToFix({ names }: ExamFacts, lists: string): Pick<Finding, 'remedy' | 'commands'> {
  const remove = lists.replace(/^only /, '');
  return {
    remedy: `Configure real DNS servers for the network link of ${names.node}: nameservers in netplan, DNS= in a .network file of networkd, or \`nmcli connection modify\`. ${lists === 'no server' ? '' : `Remove ${remove} from DNS= in /etc/systemd/resolved.conf and its drop-ins. `}Changing resolvConf of the kubelet does not help before that.`,
    commands: {
      fix: [
        onNode(names),
        'resolvectl status # which link has which servers',
        `grep -rn '^DNS=' /etc/systemd/resolved.conf /etc/systemd/resolved.conf.d/ /etc/netplan/`,
        '# add the servers there, then:',
        'netplan apply || networkctl reload',
        'systemctl restart systemd-resolved',
      ],
      check: [`# on node ${names.node}: cat ${UPLINK}`, ...afterwards(names)],
    },
  };
}
