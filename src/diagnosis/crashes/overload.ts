/** Cause: more operations at once on one socket than Go allows. */
import { type CrashRule, startsLike } from './crash-rule.ts';

export const overload: CrashRule = {
  cause: 'Overload',
  shows: startsLike(/^panic: (?:\S+: )?too many concurrent operations on a single file or socket/),
  advice: () =>
    'More than a million queries waited at once on one socket. This is not a bug in CoreDNS: either the upstream servers did not answer under a very high load, or a forwarding loop began after the start, which the loop plugin does not detect. Check that no upstream server leads back to the cluster, set max_concurrent in the forward block, and run more DNS pods if the load is real.',
};
