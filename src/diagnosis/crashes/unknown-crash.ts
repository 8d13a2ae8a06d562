/** Cause: none of the others. */
import { byExitCodeOnly, type CrashRule } from './crash-rule.ts';

export const unknownCrash: CrashRule = {
  cause: 'UnknownCrash',
  shows: byExitCodeOnly,
  advice: () =>
    'The cause is unknown. Read the log of the crashed container: `kubectl -n kube-system logs --previous POD`, with the name of the pod for POD.',
};
