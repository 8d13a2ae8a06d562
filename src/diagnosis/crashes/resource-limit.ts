/** Cause: CoreDNS may not have more threads or open files. */
import { type CrashRule, QUERY_ERROR, startsLike } from './crash-rule.ts';

export const threadLimit: CrashRule = {
  cause: 'ResourceLimit',
  shows: startsLike(
    /^runtime: (?:failed to create new OS thread|may need to increase max user processes|program exceeds \d+-thread limit)/,
    /^runtime\/cgo: pthread_create failed: Resource temporarily unavailable/,
    /^fatal error: (?:newosproc|thread exhaustion)/,
  ),
  advice,
};

/** CoreDNS continues without the file or socket. */
export const fileLimit: CrashRule = {
  cause: 'ResourceLimit',
  shows: startsLike(new RegExp(`${QUERY_ERROR}.*too many open files$`)),
  advice,
};

function advice(): string {
  return 'CoreDNS reached a limit on threads or open files. Too many queries at the same time cause that, and so does a forwarding loop that began after the start: check that no upstream server leads back to the cluster, and set max_concurrent in the forward block. Otherwise raise the limit: podPidsLimit of the kubelet for threads, the ulimit of the container runtime for open files.';
}
