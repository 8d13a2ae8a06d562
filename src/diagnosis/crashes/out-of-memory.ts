/** Cause: no room in memory, either within the limit of the container or on the node. */
import { type CrashRule, startsLike } from './crash-rule.ts';

export const outOfMemory: CrashRule = {
  cause: 'OutOfMemory',
  shows: startsLike(
    /^(?:fatal error: )?(?:runtime: )?out of memory/,
    /^(?:fatal error: )?(?:runtime: )?(?:cannot (?:allocate memory|map pages|reserve )|failed to reserve |memory reservation exceeds )/,
  ),
  advice: ({ line }) =>
    line !== undefined && outOfMemory.shows(line)
      ? 'CoreDNS asked for memory and the kernel had none to give: the node is short of memory, or a limit of the container or of the node forbids more. This is not a bug in CoreDNS. Check the memory of the node (`kubectl describe node NODE`, MemoryPressure) and the memory limit of the container. A forwarding loop that began after the start also fills the memory: check that no upstream server leads back to the cluster.'
      : 'CoreDNS exceeded its memory limit. A forwarding loop can cause that if the Corefile lacks the loop plugin, or if the loop began after the start. Check that the Corefile contains `loop` and that no upstream server leads back to the cluster; otherwise raise the memory limit, or lower cache and max_concurrent.',
};
