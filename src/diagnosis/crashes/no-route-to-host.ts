/** Cause: the packets to the upstream servers are rejected on the way. */
import { type CrashRule, QUERY_ERROR, startsLike } from './crash-rule.ts';

export const noRouteToHost: CrashRule = {
  cause: 'NoRouteToHost',
  shows: startsLike(
    new RegExp(`${QUERY_ERROR}.*(?:no route to host|host is unreachable|operation not permitted)$`),
  ),
  advice: () =>
    'The packets to the upstream server in the message are rejected. The usual reason is a firewall on this node, for example firewalld, or a network policy, that rejects what the pods send; another is that the server is down. Allow UDP and TCP port 53 from the pod network to that server, and check from a pod on this node that it answers.',
};
