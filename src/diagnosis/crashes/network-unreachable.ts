/** Cause: the pod has no route to the upstream servers. */
import { type CrashRule, QUERY_ERROR, startsLike } from './crash-rule.ts';

export const networkUnreachable: CrashRule = {
  cause: 'NetworkUnreachable',
  shows: startsLike(new RegExp(`${QUERY_ERROR}.*network is unreachable$`)),
  advice: () =>
    'The pod has no route to the upstream server in the message. If that is an IPv6 address and the pods have none, remove it from the resolv.conf of the node or from the Corefile. Otherwise the network plugin has not set up the network of the pod: check the network plugin on this node.',
};
