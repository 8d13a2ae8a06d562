/** Cause: the upstream servers do not answer. */
import { type CrashRule, QUERY_ERROR, startsLike } from './crash-rule.ts';

export const upstreamTimeout: CrashRule = {
  cause: 'UpstreamTimeout',
  shows: startsLike(new RegExp(`${QUERY_ERROR}.*(?:i/o timeout|no healthy proxies|no healthy upstream)`)),
  advice: () =>
    'The upstream servers do not answer. Check from a pod on this node that they answer on UDP and TCP port 53.',
};
