/** Cause: the Corefile itself makes CoreDNS loop, on every node. Changing a kubelet would not help. */

import { parseEndpoint } from '../endpoint.ts';
import { editCorefileCommands } from '../exam/commands.ts';
import { type ExamRule, open, ruledOut } from '../exam/exam-rule.ts';
import { fromGate } from '../exam/from-gate.ts';
import { missing } from '../exam/missing.ts';
import type { CauseRule, LoopFacts } from '../loop-facts.ts';
import { editCorefile } from '../object-names.ts';

export const corefileForwardsToItself: CauseRule = (facts) => {
  const advice = adviceFor(facts);
  return advice === null ? null : { cause: 'CorefileForwardsToItself', remedy: { kind: 'advice', advice } };
};

function adviceFor({
  names,
  pod,
  origin,
  corefile,
  probedPort,
  isProbedByNameservers,
}: LoopFacts): string | null {
  if (origin === 'unnamed' || origin === 'elsewhere' || corefile.kind === 'unreadable') return null;
  if (corefile.kind === 'no-root') {
    return `CoreDNS reported a loop for "."${probedPort === undefined ? '' : ` on port ${probedPort}`}, but no server block of the Corefile serves "." there, so the pod may run with an older Corefile. Restart CoreDNS to load the current one: \`kubectl -n kube-system rollout restart ${names.workload}\`.`;
  }
  const { forward } = corefile;
  if (leadsToHostOnly(pod, forward.selfTargets)) return null;
  if (forward.selfTargets.length > 0) {
    return selfTargetsAdvice(forward.selfTargets, editCorefile(names));
  }
  // From here on, only a loop inside the pod is certain to be caused by the Corefile.
  if (origin !== 'loopback' || forward.unseen.length > 0) return null;
  if (!forward.usesPodResolvConf) {
    return `The loop is inside the pod, and the Corefile forwards "." to ${forward.targets.join(', ')}, not to the pod's /etc/resolv.conf. Find the upstream that leads back to CoreDNS and replace it: ${editCorefile(names)}.`;
  }
  if (!isProbedByNameservers) {
    return `CoreDNS listens on port ${probedPort ?? '(unknown)'} here, but the nameservers in a resolv.conf are asked on port 53, so the kubelet's resolvConf alone cannot cause this loop. Look for another server block, or another container in the pod, that forwards to that port.`;
  }
  return null;
}

/** The address of a node leads back to CoreDNS on that node alone, and because of the host network: a cause of its own. */
const leadsToHostOnly = (
  pod: { readonly hostNetwork: boolean; readonly ips: readonly string[] } | undefined,
  selfTargets: readonly string[],
): boolean =>
  pod?.hostNetwork === true &&
  selfTargets.length > 0 &&
  selfTargets.every((target) => pod.ips.includes(parseEndpoint(target).host));

const selfTargetsAdvice = (targets: readonly string[], edit: string): string =>
  `The Corefile forwards "." to ${targets.join(', ')}, which is CoreDNS itself. Replace that with your upstream resolvers or with /etc/resolv.conf: ${edit}.`;

/** Also without a crash, and beside another cause: the Corefile alone shows it. */
export const corefileForwardsToItselfExam: ExamRule = {
  cause: 'CorefileForwardsToItself',
  judge: (facts) => {
    const { corefile, names, loop } = facts;
    if (corefile.kind === 'unknown') return open(missing('corefile', names));
    if (corefile.kind === 'broken')
      return ruledOut(`${corefile.source} is not a valid Corefile: ${corefile.why}.`);
    const selfTargets = corefile.root?.selfTargets ?? [];
    if (leadsToHostOnly(facts.case.pod, selfTargets))
      return ruledOut(
        `${corefile.source} forwards "." to ${selfTargets.join(', ')}, which is CoreDNS itself only on ${names.node}.`,
      );
    if (selfTargets.length === 0)
      return fromGate(
        facts,
        'CorefileForwardsToItself',
        () => ({
          confidence: 'medium',
          summary: `The loop is within ${names.pod}, and what leads there is in the Corefile, not on the node.`,
          commands: editCorefileCommands(names),
        }),
        `${corefile.source} forwards "." to ${corefile.root?.targets.join(', ') || 'nothing that is seen'}, which is not CoreDNS itself.`,
      );
    return {
      kind: 'found',
      finding: {
        confidence: 'high',
        summary: `The Corefile forwards "." to ${selfTargets.join(', ')}, which is CoreDNS itself, on every node.`,
        evidence: [
          { source: corefile.source, text: `forward . ${corefile.root?.targets.join(' ')}` },
          ...(loop ? [{ source: `log of ${names.pod}`, text: loop.diagnosis.sighting.line }] : []),
        ],
        repair: { by: 'person' },
        remedy: selfTargetsAdvice(selfTargets, editCorefile(names)),
        commands: editCorefileCommands(names),
      },
    };
  },
};
