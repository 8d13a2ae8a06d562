/** Cause: loopback addresses beside usable servers, so that it depends on chance whether CoreDNS starts. */
import { setResolvConf } from '../exam/commands.ts';
import { type ExamRule, open, ruledOut } from '../exam/exam-rule.ts';
import { missing } from '../exam/missing.ts';
import { bypassesNode, confidenceIn, evidenceOf, onPlatform, operatorRepairs } from '../exam/node-file.ts';
import { isSelf, parseIp } from '../ip-address.ts';

export const mixedResolvConfExam: ExamRule = {
  cause: 'MixedResolvConf',
  judge: (facts) => {
    const { names, target } = facts;
    const bypass = bypassesNode(facts);
    if (bypass !== null) return ruledOut(bypass);
    const file = facts.next ?? facts.given;
    if (!file) return open(missing('next', names));
    if (file.class !== 'mixed-loopback')
      return ruledOut(`${file.source} does not list loopback addresses beside others.`);
    const bad = file.nameservers.filter((server) => {
      const address = parseIp(server);
      return address && isSelf(address);
    });
    return {
      kind: 'found',
      finding: {
        confidence: confidenceIn(facts, file),
        summary: `The kubelet on ${names.node} gives its pods ${file.nameservers.join(', ')}: ${bad.join(', ')} leads back to the pod. CoreDNS picks a server at random, so that it starts on most attempts, and then fails for a part of all names.`,
        evidence: evidenceOf(facts, facts.sandbox, file),
        repair: operatorRepairs(facts),
        ...(onPlatform(facts) ?? {
          remedy: `Set resolvConf on ${names.node} to a file without ${bad.join(', ')}, such as ${target.path}, restart the kubelet, then delete ${names.pod}. That the pod runs at the moment does not mean that it is well.`,
          commands: setResolvConf(facts),
        }),
      },
      missing: target.seen ? [] : [missing('hostFiles', names)],
    };
  },
};
