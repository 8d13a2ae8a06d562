/** Cause: a bug in CoreDNS. The rules for what is not a bug, although Go ends the process in the same way, come first. */
import { type CrashRule, startsLike } from './crash-rule.ts';

export const panic: CrashRule = {
  cause: 'Panic',
  shows: startsLike(/^(?:panic: |fatal error: |SIGSEGV)/),
  advice: () =>
    'CoreDNS crashed because of a bug. Upgrade it, and report the stack trace to the CoreDNS project.',
};
