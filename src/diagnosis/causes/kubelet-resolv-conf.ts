/**
 * Cause: the kubelet gives its pods a resolv.conf that leads back to them. The only cause that is repaired, and
 * therefore the strictest: every condition must be known to hold. The agent confirms it on the node.
 */
import { setResolvConf } from '../exam/commands.ts';
import { type ExamRule, open, ruledOut } from '../exam/exam-rule.ts';
import { missing } from '../exam/missing.ts';
import {
  bypassesNode,
  confidenceIn,
  consequence,
  evidenceOf,
  loopsByLog,
  mayBeTheNode,
  onPlatform,
  operatorRepairs,
} from '../exam/node-file.ts';
import type { CauseRule, LoopFacts } from '../loop-facts.ts';
import type { RootForward } from '../root-forward.ts';

export const kubeletResolvConf: CauseRule = ({ origin, sighting, isProbedByNameservers, corefile, pod }) => {
  const fits =
    origin === 'loopback' &&
    sighting.zone === '.' &&
    isProbedByNameservers &&
    corefile.kind === 'root' &&
    asksOnlyTheNodesServers(corefile.forward, pod);
  return fits ? { cause: 'KubeletResolvConf', remedy: { kind: 'repair' } } : null;
};

/** A query for "." certainly goes to the servers that the kubelet gives the pod, and to no others. */
export const asksOnlyTheNodesServers = (forward: RootForward, pod: LoopFacts['pod']): boolean =>
  forward.usesPodResolvConf &&
  forward.selfTargets.length === 0 &&
  forward.unseen.length === 0 &&
  !pod.hostNetwork &&
  pod.dnsPolicy === 'Default' &&
  pod.dnsConfigNameservers.length === 0;

/** In an examination, where the file can be seen: the stub of systemd-resolved, and nothing else. */
export const kubeletResolvConfExam: ExamRule = {
  cause: 'KubeletResolvConf',
  judge: (facts) => {
    const { names, kubelet, target } = facts;
    const bypass = bypassesNode(facts);
    if (bypass !== null) return ruledOut(bypass);
    const file = facts.next ?? facts.given;
    if (file && file.class !== 'stub')
      return ruledOut(
        `${file.source} lists ${file.nameservers.join(', ') || 'no nameserver'}, not the stub of systemd-resolved.`,
      );
    const from = facts.loop?.diagnosis.sighting.from;
    // A loop within the pod may come through the node, as long as nothing else explains it.
    if (!file && mayBeTheNode(facts))
      return open(missing('corefile', names), missing('next', names), missing('kubelet', names));
    if (!file && !loopsByLog(facts))
      return from === undefined
        ? open(missing('next', names), missing('kubelet', names))
        : ruledOut(
            `The query came back from ${from}, or the Corefile explains the loop: the node is not needed for it.`,
          );
    // What the pod was given is then not what the kubelet gives to pods now.
    if (!facts.next && kubelet.value === target.path)
      return ruledOut(
        `resolvConf is ${kubelet.value} already (${kubelet.source}); what that file lists was not seen.`,
      );
    const value =
      kubelet.value === undefined ? '' : ` (resolvConf: ${kubelet.value}, set by ${kubelet.source})`;
    return {
      kind: 'found',
      finding: {
        confidence: confidenceIn(facts, file),
        summary: file
          ? `The kubelet on ${names.node} gives its pods the stub of systemd-resolved, ${file.nameservers.join(', ')}${value}. ${consequence(facts)}.`
          : `The kubelet on ${names.node} gives CoreDNS in ${names.pod} a resolv.conf with a loopback address${value}, so that CoreDNS asks itself.`,
        evidence: evidenceOf(facts, facts.sandbox, file),
        repair: operatorRepairs(facts),
        ...(onPlatform(facts) ?? {
          remedy: `Set resolvConf: ${target.path} in the configuration of the kubelet on ${names.node}${kubelet.source ? ` (${kubelet.source})` : ''}, restart the kubelet, then delete ${names.pod}: a pod keeps the resolv.conf that it was created with.`,
          commands: setResolvConf(facts),
        }),
      },
      missing: [
        ...(file ? [] : [missing('next', names)]),
        ...(kubelet.value === undefined ? [missing('kubelet', names)] : []),
        ...(target.seen ? [] : [missing('hostFiles', names)]),
      ],
    };
  },
};
