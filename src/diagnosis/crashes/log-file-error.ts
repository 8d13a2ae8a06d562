/** Cause: a library wants to log into a file, and the root file system is read-only. */
import { editWorkload } from '../object-names.ts';
import { type CrashRule, startsLike } from './crash-rule.ts';

export const logFileError: CrashRule = {
  cause: 'LogFileError',
  shows: startsLike(/^log: (?:cannot create log|exiting because of error): /),
  advice: ({ names }) =>
    `CoreDNS could not create its log file because its root file system is read-only. Mount an emptyDir at /tmp in the pod template: ${editWorkload(names)}.`,
};
