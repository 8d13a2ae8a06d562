/** Proves with a pod in a new sandbox which resolv.conf the node really gives to pods now. */
import { checkReportSchema } from '../../api/agent-protocol.ts';
import { assertNever } from '../../api/assert-never.ts';
import { PROOF_MS, PROOF_RETRY_MS, RECHECK_MS } from '../deadlines.ts';
import { notYetStarted, stepAge, stepStartedAt } from '../facts.ts';
import { isProven } from '../record/proof.ts';
import { readReport } from '../record/report.ts';
import { act, type Ending, end, pass, record, type Verdict, wait } from '../verdict.ts';
import { wasCutOffBefore } from '../verification/before.ts';
import type { AgentRun, Situation } from '../world.ts';

export function prove(situation: Situation): Verdict {
  const { remediation, world } = situation;
  const { proof } = remediation.status;
  if (proof) {
    if (isProven(proof)) return pass;
    // The resolv.conf is right, and the upstream was silent before the change as well.
    if (proof.reason === 'NoServerAnswers' && wasCutOffBefore(remediation.status)) return pass;
    return end(failed(proof.reason, `The proof pod cannot resolve names. ${proof.message}`));
  }
  const pod = world.proofPod;
  const late = stepAge(situation, 'Prove') > PROOF_MS;
  if (!pod && late) return end(timedOut('it no longer exists'));
  if (!pod || stepStartedAt(remediation, 'Prove') === null) return act({ kind: 'start-proof' });
  switch (pod.state) {
    case 'starting':
    case 'running':
      if (late) return end(timedOut(pod.blockedBy ?? `it is still ${pod.state}`));
      return wait('ProofRunning', notYetStarted('proof pod', situation, pod), RECHECK_MS);
    case 'ended': {
      if (!pod.message && !late) return anotherProof(situation, pod);
      // However late it is read.
      const read = readReport(checkReportSchema, pod.message, remediation.uid);
      if (read.kind === 'bad')
        return end(
          failed('ProofUnreadable', `The proof pod did not report. ${pod.blockedBy ?? read.problem}`),
        );
      return record({ kind: 'proof-reported', report: read.report });
    }
    default:
      return assertNever(pod.state);
  }
}

/**
 * It never ran or was killed, so it has shown nothing: a kubelet that has just been restarted may reject a pod, and a drain
 * evicts it. It changes nothing on the node, so another one can follow.
 */
function anotherProof(situation: Situation, pod: AgentRun): Verdict {
  const dueInMs = pod.createdAt + PROOF_RETRY_MS - situation.now;
  if (dueInMs <= 0) return act({ kind: 'remove-proof-pod' });
  const why = pod.blockedBy ?? 'it ended without a report';
  const where = situation.remediation.spec.node.name;
  return wait('ProofRunning', `The proof pod on ${where} is started again: ${why}.`, dueInMs);
}

const timedOut = (why: string): Ending =>
  failed('ProofTimedOut', `The proof pod did not report in time: ${why}.`);

const failed = (reason: string, message: string): Ending => ({
  phase: 'Failed',
  reason,
  message,
  advice:
    'The kubelet runs with the new value. Check from the node that the nameservers in the target file answer. The old configuration is in /var/lib/dnshealth on the node.',
  hold: true,
});
