/** From what a read-only inspection has shown to the plan: what a repair would do to the node, in one hash and one sentence. */
import type { InspectReport } from '../../api/agent-protocol.ts';
import { parseGoDuration } from '../../api/go-duration.ts';
import type { Plan } from '../../api/plan.ts';
import { isOfFileAlone } from '../facts.ts';
import { serves } from '../verification/serving.ts';
import type { Situation } from '../world.ts';
import { canonicalForm } from './hash.ts';

const KUBELET_UNIT = 'kubelet.service';
/** As many as the schema of a plan allows. */
const MAX_RECREATED = 16;

/** What the report says of the node, where a repair could follow from it. */
export type Plannable = InspectReport & {
  readonly change?: NonNullable<InspectReport['change']> | undefined;
};

/** `waits`: it can be approved, and expires. */
export function planOf(report: Plannable, situation: Situation, waits: boolean): Plan {
  const { remediation, world, now, digest } = situation;
  const { change, effective, target } = report;
  const restarts = change && !isOfFileAlone(remediation) ? [KUBELET_UNIT] : [];
  const recreates = podsToRecreate(situation);
  const bound = {
    nodeUID: remediation.spec.node.uid,
    file: change?.path ?? null,
    sha256Before: change?.sha256Before ?? null,
    sha256After: change?.sha256After ?? null,
    setting: effective?.source ?? null,
    target: target?.path ?? null,
    restarts,
    agentImage: world.agentImage,
  };
  const expiresAt = now + parseGoDuration(remediation.spec.settings.approval.expiresAfter);
  return {
    hash: digest(canonicalForm(bound)),
    number: (remediation.status.plan?.number ?? 0) + 1,
    madeAt: iso(now),
    ...(waits && { expiresAt: iso(expiresAt) }),
    changes: !change ? 'Nothing' : restarts.length > 0 ? 'Kubelet' : 'File',
    ...(change && {
      file: change.path,
      line: change.line,
      sha256Before: change.sha256Before,
      sha256After: change.sha256After,
    }),
    ...(effective && { setting: effective.source }),
    ...(target && { target: target.path }),
    ...(report.diff !== undefined && { diff: report.diff }),
    restarts,
    recreates: [...recreates],
    agentImage: world.agentImage,
    madeFor: {
      bootID: world.node?.system.bootID ?? '',
      ...(world.kubeletStartedAt !== null && { kubeletStartedAt: iso(world.kubeletStartedAt) }),
      ...(world.node?.checks?.found && { found: world.node.checks.found.verdict }),
    },
    summary: summaryOf(report, situation, recreates),
  };
}

function summaryOf(
  { change, effective, target }: Plannable,
  { remediation }: Situation,
  recreates: readonly string[],
): string {
  const node = `node ${remediation.spec.node.name}`;
  if (!change) {
    const right = `The kubelet of ${node} is right already${target ? ` (${target.path})` : ''}`;
    return recreates.length === 0
      ? `${right}, and nothing would be changed.`
      : `${right}. Only its DNS pods would be replaced: ${recreates.join(', ')}.`;
  }
  const from = effective?.value ? `from ${effective.value} ` : '';
  const what = `resolvConf ${from}to ${target?.path ?? 'the target'} in ${change.path}:${change.line}`;
  if (isOfFileAlone(remediation)) return `Change ${what} on ${node}, without a restart of its kubelet.`;
  const pods = recreates.length === 0 ? '' : `, and replace the DNS pods ${recreates.join(', ')}`;
  return `Change ${what} on ${node}, restart its kubelet once${pods}.`;
}

/** Those that would not serve after the change either, because their sandbox is older than it. */
function podsToRecreate({ remediation, world, now }: Situation): readonly string[] {
  if (isOfFileAlone(remediation)) return [];
  return world.dnsPods
    .filter((pod) => pod.node === remediation.spec.node.name && !pod.deleting && pod.startedAt !== null)
    .filter((pod) => pod.answers === false || !serves(pod, now))
    .map(({ name }) => name)
    .toSorted()
    .slice(0, MAX_RECREATED);
}

const iso = (epochMs: number): string => new Date(epochMs).toISOString();
