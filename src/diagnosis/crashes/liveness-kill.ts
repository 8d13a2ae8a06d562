/** Cause: the container was killed from outside. */
import { byExitCodeOnly, type CrashRule, DESCRIBE_POD } from './crash-rule.ts';

export const livenessKill: CrashRule = {
  cause: 'LivenessKill',
  shows: byExitCodeOnly,
  advice: () =>
    `The container was killed from outside, most often because its liveness probe failed or because it did not stop in time. Check the CPU and memory load of the node and the events of the pod: ${DESCRIBE_POD}.`,
};
