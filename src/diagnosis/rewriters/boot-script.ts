/** A script or unit of the node's image, which writes the file at each boot. */
import { atBootMs, near, type Rewriter, restored } from './rewriter.ts';

const SECOND_MS = 1_000;

export const bootScript: Rewriter = {
  explanation: 'BootScript',
  explain: (trace) => {
    const afterMs = atBootMs(trace);
    if (afterMs === null) return null;
    const isCloudInit = near(trace, /^\/run\/cloud-init\//).length > 0;
    const { path, bootedAt } = trace.rewritten;
    return {
      confidence: isCloudInit ? 'low' : 'medium',
      evidence: [
        `It was changed ${Math.round(afterMs / SECOND_MS)} s after the node was booted (${bootedAt}).`,
        ...(isCloudInit ? ['Against it: cloud-init ran at the same time.'] : []),
        ...restored(trace),
      ],
      change: [
        'Find what writes it, and change that in the image of the node:',
        `grep -rlF ${path} /etc/systemd/system /etc/rc.local /etc/init.d /usr/local /opt`,
        'journalctl -b -o short-iso | grep -i kubelet | head -50',
      ],
    };
  },
};
