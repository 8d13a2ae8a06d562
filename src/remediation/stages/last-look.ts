/**
 * The last moment before the kubelet is restarted: until a container of the Job has run, DNS must still survive that.
 * Otherwise the Job is deleted, the node is released, and the incident waits as it did before its admission.
 */
import { JOB_REMOVAL_MS, RECHECK_MS } from '../deadlines.ts';
import {
  changeReport,
  changeStep,
  isBeingRemoved,
  observedAge,
  stepStartedAt,
  takenBack,
  workOf,
} from '../facts.ts';
import { dnsSurvives } from '../guards/dns-survives.ts';
import { act, pass, type Verdict, wait } from '../verdict.ts';
import type { Situation } from '../world.ts';

const BECAUSE = 'LastServingPod';

export function lastLook(situation: Situation): Verdict {
  const { remediation, world } = situation;
  const job = world.repairJob;
  if (!world.node || changeReport(remediation.status) || (job && job.state !== 'starting')) return pass;
  // An agent that ran and never reported may have changed the node: the next one finishes or undoes that.
  if (takenBack(situation, 'Silent')) return pass;

  const survival = dnsSurvives(situation);
  const standsBack = takenBack(situation, BECAUSE);
  if (job && isBeingRemoved(situation, job))
    // One that does not go is the matter of the repair, which ends then: otherwise the node would be held for as long.
    return standsBack && observedAge(situation, Date.parse(standsBack.at)) <= JOB_REMOVAL_MS
      ? wait(BECAUSE, `The ${workOf(remediation)} Job is being removed.`, RECHECK_MS)
      : pass;
  if (standsBack) return act({ kind: 'stand-back', reason: BECAUSE, message: standsBack.why });
  if (survival.kind !== 'wait') return pass;
  if (job) return act({ kind: 'take-back-repair', because: BECAUSE, why: survival.message, uid: job.uid });
  // A Job that was created a moment ago is not in the cache yet.
  if (stepStartedAt(remediation, changeStep(remediation)) !== null) return pass;
  return act({ kind: 'stand-back', reason: survival.reason, message: survival.message });
}
