/** Times of the steps. The first start and the first end are kept, so that a repeated step does not look shorter. */
import type { RemediationStatus, StepName } from '../../api/remediation.ts';
import { isoTime } from './conditions.ts';

export function beginStep(status: RemediationStatus, name: StepName, now: number): RemediationStatus {
  if (status.steps.some((step) => step.name === name)) return status;
  return { ...status, steps: [...status.steps, { name, startedAt: isoTime(now) }] };
}

export function finishStep(
  status: RemediationStatus,
  name: StepName,
  now: number,
  message: string,
): RemediationStatus {
  return {
    ...status,
    steps: status.steps.map((step) =>
      step.name === name && step.finishedAt === undefined
        ? { ...step, finishedAt: isoTime(now), message }
        : step,
    ),
  };
}
