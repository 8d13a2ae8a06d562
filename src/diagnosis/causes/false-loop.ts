/** Cause: not a loop. Before 1.2.6 the loop plugin also counted its own retries to a server that did not answer. */
import { isAtLeast } from '../coredns-version.ts';
import type { ExamRule } from '../exam/exam-rule.ts';
import { fromGate } from '../exam/from-gate.ts';
import type { CauseRule } from '../loop-facts.ts';

/** Two timeouts of two seconds each must have passed; a real loop ends the process within about a second. */
export const LATE_MS = 4000;

export const falseLoop: CauseRule = ({ sighting, livedMs }) => {
  if (livedMs < LATE_MS || !isFromBefore126(sighting.corednsVersion, sighting.line)) return null;
  return {
    cause: 'FalseLoop',
    remedy: {
      kind: 'advice',
      advice:
        'CoreDNS is older than 1.2.6 and ended several seconds after its start. Such releases report a loop when an upstream server merely does not answer. Check from a pod on the node that the upstream servers answer on UDP port 53, and upgrade CoreDNS to 1.2.6 or newer.',
    },
  };
};

export function isFromBefore126(version: string | undefined, line: string): boolean {
  // Only 1.2.1 and 1.2.2 use this wording, so the version is not needed.
  if (version === undefined) return line.includes('Seen "HINFO');
  return !isAtLeast(version, 1, 2, 6);
}

export const falseLoopExam: ExamRule = {
  cause: 'FalseLoop',
  judge: (facts) =>
    fromGate(
      facts,
      'FalseLoop',
      () => ({
        confidence: 'medium',
        summary: `CoreDNS in ${facts.names.pod} is older than 1.2.6 and ended ${Math.round((facts.loop?.facts.livedMs ?? 0) / 1000)} s after its start: its upstream servers did not answer, which such a release reports as a loop.`,
        commands: {
          fix: [
            `kubectl -n ${facts.names.namespace} set image ${facts.names.workload.replace(' ', '/')} coredns=registry.k8s.io/coredns/coredns:v1.11.3`,
          ],
          check: [
            `kubectl dnshealth check ${facts.names.node} # do the servers of the node answer?`,
            `kubectl -n ${facts.names.namespace} logs --previous ${facts.names.pod}`,
          ],
        },
      }),
      'The release or the age of the process excludes it: only CoreDNS before 1.2.6 that ran for some seconds reports timeouts as a loop.',
    ),
};
