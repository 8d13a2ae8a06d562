/** Cause: the kernel refused to start the program or a thread of it. */
import { editWorkload } from '../object-names.ts';
import { type CrashRule, startsLike } from './crash-rule.ts';
import { execError } from './exec-error.ts';

const thread = startsLike(
  /^runtime\/cgo: pthread_create failed: Operation not permitted/,
  /^runtime: failed to create new OS thread \(have \d+ already; errno=1\)/,
);
const EXEC_ERRORS: readonly (string | null)[] = ['operation not permitted', 'permission denied'];

export const notPermitted: CrashRule = {
  cause: 'NotPermitted',
  shows: (line) => EXEC_ERRORS.includes(execError(line)) || thread(line),
  advice: ({ line = '', names }) =>
    thread(line)
      ? 'The kernel refused to create a thread. The usual reason is a container runtime or a libseccomp on this node that is older than the image and blocks the system call clone3. Upgrade the container runtime and libseccomp on the node.'
      : `The kernel refused to start CoreDNS. Its program carries the capability NET_BIND_SERVICE, and a container that lacks that capability may not start it: add NET_BIND_SERVICE to securityContext.capabilities.add in the pod template (${editWorkload(names)}). If the template has it, look for a denial by AppArmor, SELinux or seccomp in the kernel log of the node: \`journalctl -k\`.`,
};
