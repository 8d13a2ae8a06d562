/** Cause: most likely a loop that began after the start, which the loop plugin does not look for. */
import { isSelf, parseIp } from '../ip-address.ts';
import { hostOf } from '../loop-line.ts';
import { editCorefile } from '../object-names.ts';
import { type CrashRule, QUERY_ERROR } from './crash-rule.ts';

const TOO_MANY = new RegExp(`${QUERY_ERROR}concurrent queries exceeded maximum \\d+`);
const TIMEOUT = new RegExp(`${QUERY_ERROR}(?:read|write) (?:udp|tcp)\\d? (\\S+)->(\\S+): i/o timeout$`);

export const lateLoop: CrashRule = {
  cause: 'LateLoop',
  shows: (line) => TOO_MANY.test(line) || askedItself(line) !== null,
  advice({ line = '', names }) {
    const self = askedItself(line);
    return self === null
      ? 'CoreDNS reached its limit of concurrent queries. Apart from overload, this is the symptom of a loop that began after the start, which the loop plugin does not detect. Check whether an upstream server forwards back to the cluster.'
      : `CoreDNS waited for an answer from itself: ${self} is the pod's own address, and it is asked as an upstream server. That is a loop that began after the start, which the loop plugin does not detect. Remove ${self} from the file that the kubelet's resolvConf points to on this node, or from the Corefile (${editCorefile(names)}), then delete the pod.`;
  },
};

/** The server that did not answer, if the query came from its address. */
export function askedItself(line: string): string | null {
  const [, source = '', destination = ''] = TIMEOUT.exec(line) ?? [];
  const [from, to] = [parseIp(hostOf(source)), parseIp(hostOf(destination))];
  if (!from || !to) return null;
  // The kernel chooses 127.0.0.1 as the source also for another loopback address, for example the stub 127.0.0.53.
  const isOwn = from.canonical === to.canonical || (isSelf(from) && isSelf(to));
  return isOwn ? hostOf(destination) : null;
}
