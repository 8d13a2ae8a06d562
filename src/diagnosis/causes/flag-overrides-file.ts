/** Cause: the configuration file is right, and a flag of the kubelet overrides it. */
import type { KubeletLayer } from '../case.ts';
import { setResolvConf } from '../exam/commands.ts';
import { type ExamFacts, placeOf } from '../exam/exam-facts.ts';
import { type ExamRule, open, ruledOut } from '../exam/exam-rule.ts';
import { missing } from '../exam/missing.ts';
import { bypassesNode, consequence, evidenceOf, onPlatform, operatorRepairs } from '../exam/node-file.ts';
import { isUsable } from '../resolv-conf.ts';

export const flagOverridesFileExam: ExamRule = {
  cause: 'FlagOverridesFile',
  judge: (facts) => {
    const { names, kubelet } = facts;
    const bypass = bypassesNode(facts);
    if (bypass !== null) return ruledOut(bypass);
    const { layers } = kubelet;
    if (!layers) return open(missing(kubelet.value === undefined ? 'kubelet' : 'places', names));
    const flag = layers.findLast(({ kind }) => kind === 'flag');
    const file = layers.findLast(({ kind }) => kind !== 'flag');
    if (!file)
      return ruledOut('No configuration file sets resolvConf, so that a flag would override nothing.');
    const isRight =
      (facts.next ? !isUsable(facts.next.class, { acceptRisky: true }) : true) && isGood(file, facts);
    const differs = flag
      ? flag.value !== file.value
      : kubelet.value !== undefined && kubelet.value !== file.value;
    if (!differs)
      return ruledOut(
        flag
          ? `The flag and ${placeOf(file)} set the same value.`
          : `No flag sets resolvConf; ${placeOf(file)} takes effect.`,
      );
    if (!isRight) return ruledOut(`${placeOf(file)} sets ${file.value || '""'}, which is not right either.`);
    const where = flag ? placeOf(flag) : `the running kubelet (${kubelet.source})`;
    return {
      kind: 'found',
      finding: {
        confidence: flag ? 'high' : 'medium',
        summary: flag
          ? `The configuration of the kubelet on ${names.node} is right (${placeOf(file)}: ${file.value}), but ${where} overrides it with ${flag.value || '""'}. ${consequence(facts)}.`
          : `The configuration of the kubelet on ${names.node} is right (${placeOf(file)}: ${file.value}), but the running kubelet uses ${kubelet.value || '""'}: a flag overrides the file, or the kubelet was not restarted since the file was changed. ${consequence(facts)}.`,
        evidence: [
          ...layers.map((layer) => ({ source: placeOf(layer), text: `resolvConf: ${layer.value || '""'}` })),
          ...evidenceOf(facts, facts.sandbox, facts.next),
        ],
        repair: operatorRepairs(
          facts,
          'the flag is in an environment file of the kubelet; in the unit itself, the operator does not change it',
        ),
        ...(onPlatform(facts) ?? {
          remedy: flag
            ? `Remove --resolv-conf from ${flag.path} or set it to ${file.value}, restart the kubelet, then delete ${names.pod}. A flag takes precedence over every file, and the last flag counts.`
            : `Restart the kubelet on ${names.node}. If it still uses ${kubelet.value || '""'}, look for --resolv-conf in \`systemctl cat kubelet\` and in the environment files that it names; a flag takes precedence over every file.`,
          commands: setResolvConf(facts),
        }),
      },
      missing: flag ? [] : [missing('places', names)],
    };
  },
};

/** By its content where that was seen; otherwise by what the path is known for. */
function isGood({ value }: KubeletLayer, { case: { hostFiles }, uplink }: ExamFacts): boolean {
  if (value === '' || value === '/etc/resolv.conf' || value.endsWith('/stub-resolv.conf')) return false;
  if (uplink && uplink.source.endsWith(value)) return isUsable(uplink.class, { acceptRisky: true });
  const seen = hostFiles.find(({ source }) => source === value);
  return seen === undefined || !/^\s*nameserver\s+127\./m.test(seen.text);
}
