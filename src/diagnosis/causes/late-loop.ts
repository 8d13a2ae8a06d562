/** Cause: a loop that the loop plugin does not report: it is not in the Corefile, or the loop began after the start. */

import type { ExamFacts } from '../exam/exam-facts.ts';
import { type ExamRule, open, ruledOut } from '../exam/exam-rule.ts';
import { missing } from '../exam/missing.ts';
import { corefileUsesFile, leadsBack, operatorRepairs } from '../exam/node-file.ts';
import type { EvidenceLine, Finding } from '../examination.ts';
import { editCorefile } from '../object-names.ts';

/** Where the loop must be, because of what is configured: nothing reports it without the loop plugin. */
interface Signs {
  readonly lines: readonly EvidenceLine[];
  readonly confidence: Finding['confidence'] | null;
}

export const lateLoopExam: ExamRule = {
  cause: 'LateLoop',
  judge: (facts) => {
    const { names, loop, corefile, late, crash } = facts;
    if (loop) return ruledOut('The loop plugin reported the loop itself, at the start of CoreDNS.');
    const { lines, confidence } = signsOf(facts);
    if (confidence === null) return notFound(facts);
    const plugin = corefile.kind === 'read' && !corefile.hasLoop;
    const asked = late.asked?.server;
    return {
      kind: 'found',
      finding: {
        confidence,
        summary: `CoreDNS in ${names.pod} forwards to itself${asked === undefined ? '' : ` (${asked})`}, and nothing ends it: ${plugin ? 'its Corefile has no loop plugin, which would report that at the start' : 'the loop began after the start, which the loop plugin does not see'}.`,
        evidence: lines,
        repair: operatorRepairs(
          facts,
          'the prober finds the loop, and a check shows that the node causes it',
        ),
        remedy: [
          asked === undefined
            ? 'Find the upstream server that leads back to the cluster: in the resolv.conf that pods on the node are given, in the forward lines of the Corefile, and in the conditional forwarders of your resolvers.'
            : `Remove ${asked} from the resolv.conf that pods on ${names.node} are given, or from the Corefile, then delete the pod.`,
          ...(plugin
            ? [
                `Put \`loop\` back into the block "." of the Corefile (${editCorefile(names)}): without it, the fault shows as names that fail and as memory that fills up, not as a crash with a reason.`,
              ]
            : []),
          ...(crash?.cause === 'OutOfMemory'
            ? [
                'A higher memory limit only makes it take longer; `max_concurrent 1000` in the forward block bounds the memory.',
              ]
            : []),
        ].join(' '),
        commands: {
          fix: [
            `kubectl dnshealth check ${names.node} # what new pods on the node would ask`,
            ...(plugin
              ? [`kubectl -n ${names.namespace} edit configmap ${names.configMap} # add the line: loop`]
              : []),
          ],
          check: [
            `kubectl -n ${names.namespace} logs ${names.pod} | grep -c 'concurrent queries exceeded'`,
            `kubectl dnshealth diagnose --node ${names.node}`,
          ],
        },
      },
      missing: [
        ...(late.onlyCluster === undefined ? [missing('answers', names)] : []),
        ...(facts.given ? [] : [missing('next', names)]),
        ...(corefile.kind === 'unknown' ? [missing('corefile', names)] : []),
      ],
    };
  },
};

function signsOf(facts: ExamFacts): Signs {
  const { late, corefile, crash, names, given } = facts;
  const log = `log of ${names.pod}`;
  const answers = `answers of ${names.pod}`;
  const noPlugin = corefile.kind === 'read' && !corefile.hasLoop;
  const leadsBack =
    fileLeadsBack(facts) || (corefile.kind === 'read' && (corefile.root?.selfTargets.length ?? 0) > 0);
  const isOutOfMemory = crash?.cause === 'OutOfMemory';
  const lines: EvidenceLine[] = [];
  if (late.asked) lines.push({ source: log, text: late.asked.line });
  if (late.refusals)
    lines.push({ source: log, text: `${late.refusals.line} (${late.refusals.count} such lines)` });
  if (late.onlyCluster)
    lines.push({
      source: answers,
      text: `names of the cluster are answered, external ones are not (${late.externalResults.join(', ')})${late.siblingsAnswer ? ', while a pod on another node answers them' : ''}`,
    });
  if (noPlugin) lines.push({ source: corefile.source, text: 'no line `loop` in the server block for "."' });
  if (leadsBack && given && fileLeadsBack(facts))
    lines.push({ source: given.source, text: given.nameservers.map((ip) => `nameserver ${ip}`).join(', ') });
  if (isOutOfMemory && crash) lines.push({ source: `pod ${names.pod}`, text: crash.message });
  return { lines, confidence: confidenceOf() };

  function confidenceOf(): Signs['confidence'] {
    const effects = [late.refusals, late.onlyCluster && late.siblingsAnswer !== false, isOutOfMemory].filter(
      Boolean,
    );
    if (late.asked || (leadsBack && (noPlugin || effects.length > 0))) return 'high';
    if (noPlugin ? effects.length > 0 : effects.length > 1) return 'medium';
    if (
      late.onlyCluster &&
      late.siblingsAnswer &&
      late.externalResults.some((result) => result !== 'timeout')
    )
      return 'medium';
    // Also plain overload: it takes a second sign to tell them apart.
    return late.refusals ? 'low' : null;
  }
}

const fileLeadsBack = (facts: ExamFacts): boolean =>
  facts.takesNodeFile &&
  corefileUsesFile(facts) !== false &&
  facts.given !== undefined &&
  leadsBack(facts.given);

function notFound({ late, corefile, names }: ExamFacts) {
  if (late.onlyCluster === undefined) return open(missing('answers', names));
  return ruledOut(
    late.onlyCluster
      ? 'External names time out, as with upstream servers that do not answer, and no other sign of a loop was seen.'
      : `The pod answers external names${corefile.kind === 'read' && corefile.hasLoop ? ', and the loop plugin is in its Corefile' : ''}.`,
  );
}
