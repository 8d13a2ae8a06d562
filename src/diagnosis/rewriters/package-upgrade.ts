/** A package whose configuration file replaced the one on the node. */
import { near, type Rewriter, restored, sameMinute } from './rewriter.ts';

/** What dpkg, ucf and rpm leave beside a configuration file that was changed on the host. */
const LEFT = /\.(dpkg-(old|dist|new)|ucf-(old|dist|new)|rpmsave|rpmnew|rpmorig)$/;

export const packageUpgrade: Rewriter = {
  explanation: 'PackageUpgrade',
  explain: (trace) => {
    const left = near(trace, LEFT);
    if (left.length === 0) return null;
    const isOwn = left.some((path) => path.startsWith(`${trace.rewritten.path}.`));
    return {
      confidence: isOwn ? 'high' : 'medium',
      evidence: [sameMinute(left, ', as by an upgrade of packages'), ...restored(trace)],
      change: [
        'To see what was installed then: grep " install \\| upgrade " /var/log/dpkg.log (Debian, Ubuntu), or rpm -qa --last | head (RHEL, SUSE).',
        'Keep your own file at the next upgrade: apt-get -o Dpkg::Options::=--force-confold upgrade',
      ],
    };
  },
};
