/** Cause: not known, because the log of the crashed container cannot be read. */
import { byExitCodeOnly, type CrashRule } from './crash-rule.ts';

export const noLog: CrashRule = {
  cause: 'NoLog',
  shows: byExitCodeOnly,
  advice: () =>
    'Without the log, a forwarding loop looks like any other crash. The operator tries again every 30 seconds. Try it yourself: `kubectl -n kube-system logs --previous POD`, with the name of the pod for POD. If that fails too, run `crictl logs` on the node, and check the container runtime and the disk there.',
};
