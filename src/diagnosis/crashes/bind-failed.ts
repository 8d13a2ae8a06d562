/** Cause: the address or port of a server block cannot be bound. */
import { type CrashRule, startsLike } from './crash-rule.ts';

export const bindFailed: CrashRule = {
  cause: 'BindFailed',
  shows: startsLike(
    /^(?:\[(?:FATAL|ERROR)\] )?(?:plugin\/\w+: )?(?:Listen: |Starting server: )?listen (?:tcp|udp)\d? \S*: (?:bind|socket|setsockopt): /i,
  ),
  advice: () =>
    'CoreDNS could not bind its port. Look for another program on that address (host network), for an address after `bind` that the pod does not have, or, after `permission denied`, for the missing capability NET_BIND_SERVICE.',
};
