/** cloud-init, whose user data writes the file when the node boots. */
import { atBootMs, near, type Rewriter, restored, sameMinute } from './rewriter.ts';

/** Status and result are written at the end of each stage (cloud-init, doc/rtd/reference, "status.json"). */
const STATUS = /^\/run\/cloud-init\//;

export const cloudInit: Rewriter = {
  explanation: 'CloudInit',
  explain: (trace) => {
    const status = near(trace, STATUS);
    if (status.length === 0) return null;
    const isAtBoot = atBootMs(trace) !== null;
    return {
      confidence: isAtBoot ? 'high' : 'medium',
      evidence: [
        sameMinute(status, ', as at the end of a stage of cloud-init'),
        isAtBoot
          ? 'The node was booted shortly before.'
          : 'Against it: the node was not booted then, unless its clock was set since.',
        ...restored(trace),
      ],
      change: [
        `In the user data of the node (write_files, runcmd), where ${trace.rewritten.path} is written:`,
        `resolvConf: ${trace.target}`,
        'To see the user data on the node: cloud-init query userdata',
      ],
    };
  },
};
