/** Cause: the file that the kubelet gives out lists a resolver of the host on loopback: dnsmasq, unbound, NetworkManager. */
import { setResolvConf } from '../exam/commands.ts';
import { UPLINK } from '../exam/exam-facts.ts';
import { type ExamRule, open, ruledOut } from '../exam/exam-rule.ts';
import { missing } from '../exam/missing.ts';
import {
  bypassesNode,
  confidenceIn,
  consequence,
  evidenceOf,
  onPlatform,
  operatorRepairs,
} from '../exam/node-file.ts';

export const localResolverExam: ExamRule = {
  cause: 'LocalResolver',
  judge: (facts) => {
    const { names, target, kubelet } = facts;
    const bypass = bypassesNode(facts);
    if (bypass !== null) return ruledOut(bypass);
    const file = facts.next ?? facts.given;
    if (!file) return open(missing('next', names));
    if (file.class !== 'loopback')
      return ruledOut(
        `${file.source} lists ${file.nameservers.join(', ') || 'no nameserver'}: no resolver of the host other than systemd-resolved.`,
      );
    if (!facts.next && kubelet.value === UPLINK)
      return ruledOut(
        `resolvConf is ${UPLINK} already (${kubelet.source}), which is not the file of another resolver.`,
      );
    const who = listener(file.text, file.nameservers);
    const where = kubelet.value || file.source;
    return {
      kind: 'found',
      finding: {
        confidence: confidenceIn(facts, file),
        summary: `The kubelet on ${names.node} gives its pods ${file.nameservers.join(', ')} (from ${where}), where ${who} listens on the node. ${consequence(facts)}.`,
        evidence: evidenceOf(facts, facts.sandbox, file, facts.hostDefault),
        repair: operatorRepairs(
          facts,
          target.seen
            ? undefined
            : 'a file in spec.repair.targets exists on the node and lists real upstream servers',
        ),
        ...(onPlatform(facts) ?? {
          remedy: target.seen
            ? `Set resolvConf on ${names.node} to ${target.path}, which lists real upstream servers, restart the kubelet, then delete ${names.pod}.`
            : `Set resolvConf on ${names.node} to a file that lists the servers that ${who} itself asks: /run/NetworkManager/no-stub-resolv.conf with NetworkManager, /run/dnsmasq/resolv.conf with dnsmasq, or a file of your own such as /etc/kubernetes/resolv.conf. Restart the kubelet, then delete ${names.pod}.`,
          commands: setResolvConf(facts, target.seen ? target.path : upstreamsOf(who)),
        }),
      },
      missing: target.seen ? [] : [missing('hostFiles', names)],
    };
  },
};

/** The file with the servers that this resolver itself asks, where it writes one; otherwise one that has to be written. */
function upstreamsOf(who: string): string {
  if (who.includes('NetworkManager')) return '/run/NetworkManager/no-stub-resolv.conf';
  return who === 'dnsmasq' ? '/run/dnsmasq/resolv.conf' : '/etc/kubernetes/resolv.conf';
}

/** As far as the address and the comments of the file tell. */
function listener(text: string, nameservers: readonly string[]): string {
  if (nameservers.includes('127.0.0.11')) return "Docker's resolver";
  if (nameservers.includes('127.0.1.1')) return 'the dnsmasq of NetworkManager';
  if (/NetworkManager/.test(text)) return 'a resolver behind NetworkManager';
  const named = /\b(dnsmasq|unbound|bind9|named|pdns|stubby|AdGuard|Pi-hole|dnscrypt)\b/i.exec(text)?.[1];
  return named ?? 'a resolver such as dnsmasq or unbound';
}
