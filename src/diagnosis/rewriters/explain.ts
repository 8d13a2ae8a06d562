/** Names what may have brought the wrong value back, best first. Recorded in `status.rewrittenBy`. */
import type { RepairReport } from '../../api/agent-protocol.ts';
import type { Explanation } from '../../api/rewritten.ts';
import { bootScript } from './boot-script.ts';
import { cloudInit } from './cloud-init.ts';
import { configurationManagement } from './configuration-management.ts';
import { kubeadmUpgradeNode } from './kubeadm-upgrade-node.ts';
import { kubesprayRun } from './kubespray-run.ts';
import { packageUpgrade } from './package-upgrade.ts';
import { person } from './person.ts';
import { resolvConfReplaced } from './resolv-conf-replaced.ts';
import type { Rewriter, Trace } from './rewriter.ts';

/** Of two that fit equally well, the first one is the more frequent. */
export const REWRITERS: readonly Rewriter[] = [
  kubesprayRun,
  kubeadmUpgradeNode,
  cloudInit,
  configurationManagement,
  packageUpgrade,
  bootScript,
  person,
];

const RANK: readonly Explanation['confidence'][] = ['high', 'medium', 'low'];
/** More would not be read; the best ones come first. */
const MAX_EXPLANATIONS = 5;

/**
 * Empty where the value may have been wrong from the beginning: there is no change to explain then.
 *
 * @param provenAt when a check last found the node well (RFC 3339)
 */
export function explainRewrite(
  { rewritten, target }: Pick<RepairReport, 'rewritten' | 'target'>,
  provenAt: string | undefined,
): readonly Explanation[] {
  if (rewritten === undefined) return [];
  const { content, repairedAt, ctime, resolvConf } = rewritten;
  const since = Date.parse(repairedAt ?? provenAt ?? '');
  const trace: Trace = { rewritten, target: target?.path ?? '/run/systemd/resolve/resolv.conf' };
  // By content where that is known: a changed mode alone sets the change time as well.
  const isRewritten = content === undefined ? Date.parse(ctime) > since : content !== 'AsRepaired';
  if (isRewritten) return ranked(REWRITERS, trace);
  return resolvConf !== undefined && Date.parse(resolvConf.changedAt) > since
    ? ranked([resolvConfReplaced], trace)
    : [];
}

function ranked(rewriters: readonly Rewriter[], trace: Trace): readonly Explanation[] {
  const found = rewriters.flatMap(({ explanation, explain }): readonly Explanation[] => {
    const fit = explain(trace);
    return fit ? [{ explanation, ...fit }] : [];
  });
  return found.length === 0
    ? [unknown(trace)]
    : found
        .toSorted((a, b) => RANK.indexOf(a.confidence) - RANK.indexOf(b.confidence))
        .slice(0, MAX_EXPLANATIONS);
}

const AROUND_MS = 2 * 60_000;

function unknown({ rewritten: { path, ctime, mtime, owner, mode, neighbours } }: Trace): Explanation {
  const [from, to] = [-AROUND_MS, AROUND_MS].map((ms) => new Date(Date.parse(ctime) + ms).toISOString());
  return {
    explanation: 'Unknown',
    confidence: 'low',
    evidence: [
      `${path} was changed at ${ctime} (modification time ${mtime}, owner ${owner}, mode ${mode}).`,
      ...(neighbours.length > 0
        ? [`Changed within a minute of it: ${neighbours.map((one) => one.path).join(', ')}.`]
        : []),
    ],
    change: [
      'To see on the node what ran then:',
      `journalctl --since "${from}" --until "${to}"`,
      `To see who writes the file the next time: auditctl -w ${path} -p wa -k dnshealth; ausearch -k dnshealth -i`,
    ],
  };
}
