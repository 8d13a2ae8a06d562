/** Cause: the configuration file is right, and a flag of the kubelet overrides it. */
import type { KubeletLayer } from '../case.ts';
import { setResolvConf } from '../exam/commands.ts';
import { type ExamFacts, type KubeletFacts, placeOf } from '../exam/exam-facts.ts';
import { type ExamRule, open, ruledOut, type Verdict } from '../exam/exam-rule.ts';
import { missing } from '../exam/missing.ts';
import {
  bypassesNode,
  consequence,
  evidenceOf,
  loopsByLog,
  onPlatform,
  operatorRepairs,
} from '../exam/node-file.ts';
import { isUsable } from '../resolv-conf.ts';

export const flagOverridesFileExam: ExamRule = {
  cause: 'FlagOverridesFile',
  judge: (facts) => {
    const { names, kubelet } = facts;
    const bypass = bypassesNode(facts);
    if (bypass !== null) return ruledOut(bypass);
    const layers = kubelet.layers ?? partlyKnown(kubelet);
    if (!layers) return open(missing(kubelet.value === undefined ? 'kubelet' : 'places', names));
    const isWhole = kubelet.layers !== undefined;
    const flag = layers.findLast(({ kind }) => kind === 'flag');
    const file = layers.findLast(({ kind }) => kind !== 'flag');
    if (!isWhole && flag) {
      if (!leadsBack(facts)) return open(missing('next', names));
      if (!file) return flagAlone(facts, flag);
    }
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
        confidence: flag && isWhole ? 'high' : 'medium',
        summary: flag
          ? `The configuration of the kubelet on ${names.node} is right (${placeOf(file)}: ${file.value}), but ${where} overrides it with ${flag.value || '""'}. ${consequence(facts)}.`
          : `The configuration of the kubelet on ${names.node} is right (${placeOf(file)}: ${file.value}), but the running kubelet uses ${kubelet.value || '""'}: a flag overrides the file, or the kubelet was not restarted since the file was changed. ${consequence(facts)}.`,
        evidence: [
          ...layers.map((layer) => ({ source: placeOf(layer), text: `resolvConf: ${layer.value || '""'}` })),
          ...evidenceOf(facts, facts.sandbox, facts.next),
        ],
        repair: operatorRepairs(facts, IN_AN_ENVIRONMENT_FILE),
        ...(onPlatform(facts) ?? {
          remedy: flag
            ? `Remove --resolv-conf from ${flag.path} or set it to ${file.value}, restart the kubelet, then delete ${names.pod}. A flag takes precedence over every file, and the last flag counts.`
            : `Restart the kubelet on ${names.node}. If it still uses ${kubelet.value || '""'}, look for --resolv-conf in \`systemctl cat kubelet\` and in the environment files that it names; a flag takes precedence over every file.`,
          commands: setResolvConf(facts),
        }),
      },
      missing: flag && isWhole ? [] : [missing('places', names)],
    };
  },
};

const IN_AN_ENVIRONMENT_FILE =
  'the flag is in an environment file of the kubelet; in the unit itself, the operator does not change it';

/** The agent names only the place that takes effect; what the file of the node sets, the cluster declares at best. */
function partlyKnown({ place, declared }: KubeletFacts): readonly KubeletLayer[] | undefined {
  if (!place) return undefined;
  return place.kind === 'flag' && declared
    ? [{ kind: 'config', value: declared.value, path: declared.source }, place]
    : [place];
}

/** Of the flag alone, its path does not show what the file holds. */
const leadsBack = (facts: ExamFacts): boolean =>
  facts.next ? !isUsable(facts.next.class, { acceptRisky: true }) : loopsByLog(facts);

/** What the configuration file sets is not known, and does not matter while the flag is there. */
function flagAlone(facts: ExamFacts, flag: KubeletLayer): Verdict {
  const { names, target } = facts;
  return {
    kind: 'found',
    finding: {
      confidence: 'medium',
      summary: `A flag of the kubelet on ${names.node} (${placeOf(flag)}) sets resolvConf to ${flag.value || '""'}, and takes precedence over its configuration file, whatever that sets. ${consequence(facts)}.`,
      evidence: [
        { source: placeOf(flag), text: `resolvConf: ${flag.value || '""'}` },
        ...evidenceOf(facts, facts.sandbox, facts.next),
      ],
      repair: operatorRepairs(facts, IN_AN_ENVIRONMENT_FILE),
      ...(onPlatform(facts) ?? {
        remedy: `Set --resolv-conf in ${flag.path} to ${target.path}, restart the kubelet, then delete ${names.pod}. Removing the flag is enough only if the configuration file of the kubelet sets that.`,
        commands: setResolvConf(facts),
      }),
    },
    missing: [missing('places', names)],
  };
}

/** By its content where that was seen; otherwise by what the path is known for. */
function isGood({ value }: KubeletLayer, { case: { hostFiles }, uplink }: ExamFacts): boolean {
  if (value === '' || value === '/etc/resolv.conf' || value.endsWith('/stub-resolv.conf')) return false;
  if (uplink && uplink.source.endsWith(value)) return isUsable(uplink.class, { acceptRisky: true });
  const seen = hostFiles.find(({ source }) => source === value);
  return seen === undefined || !/^\s*nameserver\s+127\./m.test(seen.text);
}
