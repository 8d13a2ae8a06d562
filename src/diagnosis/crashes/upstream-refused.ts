/** Cause: nothing listens at the address of an upstream server. */
import { type CrashRule, QUERY_ERROR, startsLike } from './crash-rule.ts';

export const upstreamRefused: CrashRule = {
  cause: 'UpstreamRefused',
  shows: startsLike(new RegExp(`${QUERY_ERROR}.*connection refused$`)),
  advice: () =>
    'The upstream servers refuse connections. Check that a DNS server runs at the address in the message. If that is a 127.x address, the node gave its local stub to the pod.',
};
