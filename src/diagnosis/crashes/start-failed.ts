/** Cause: the container could not be started. Usually the reason of the container's state says so, without a log. */
import { type CrashRule, DESCRIBE_POD } from './crash-rule.ts';
import { execError } from './exec-error.ts';

export const startFailed: CrashRule = {
  cause: 'StartFailed',
  shows: (line) => execError(line) !== null,
  advice: () =>
    `The container could not be started, because of its image, its command or a mounted file. The events of the pod name the reason: ${DESCRIBE_POD}.`,
};
