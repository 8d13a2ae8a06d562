/** The setting was not touched: the file that it names was replaced, for example by a link to a stub. */
import type { Rewriter } from './rewriter.ts';

/** systemd-resolved, netplan, NetworkManager and the package resolvconf all replace /etc/resolv.conf. */
export const resolvConfReplaced: Rewriter = {
  explanation: 'ResolvConfReplaced',
  explain: ({ rewritten, target }) => {
    const { resolvConf } = rewritten;
    if (resolvConf === undefined) return null;
    return {
      confidence: resolvConf.link === undefined ? 'medium' : 'high',
      evidence: [
        `${resolvConf.path} was changed at ${resolvConf.changedAt}, and ${rewritten.path} was not changed.`,
        resolvConf.link === undefined
          ? `${resolvConf.path} is a file.`
          : `${resolvConf.path} is a link to ${resolvConf.link}.`,
      ],
      change: [
        `Keep resolvConf: ${target} in ${rewritten.path}, which does not depend on ${resolvConf.path}.`,
        `To find what replaced it: ls -l --time-style=full-iso ${resolvConf.path}; journalctl --since "${resolvConf.changedAt}" | head -50`,
      ],
    };
  },
};
