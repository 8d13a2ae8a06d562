/** Cause: not known, because the log of the crashed container cannot be read. */
import { byExitCodeOnly, type CrashRule } from './crash-rule.ts';

export const noLog: CrashRule = {
  cause: 'NoLog',
  shows: byExitCodeOnly,
  advice: () =>
    'The operator asks for the log again every half minute, because without it a forwarding loop cannot be told from another crash. Ask for it yourself with `kubectl -n kube-system logs --previous POD`, with the name of the pod for POD. If the API server cannot deliver it either, read it on the node with `crictl logs`, and check the container runtime and the disk there.',
};
