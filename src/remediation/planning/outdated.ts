/** Whether a plan still describes the node: anything that may have changed the file, or what the kubelet makes of it, makes it old. */
import type { Plan } from '../../api/plan.ts';
import type { Situation } from '../world.ts';

/** Why the plan has to be made again, as a sentence; null while it holds. */
export function whyOutdated(
  plan: Plan,
  { remediation, world }: Pick<Situation, 'remediation' | 'world'>,
): string | null {
  const { node, kubeletStartedAt, agentImage } = world;
  const { madeFor } = plan;
  if (agentImage !== plan.agentImage)
    return `The plan was made for the agent image ${plan.agentImage}, and the operator uses ${agentImage} now.`;
  const refused = remediation.status.attempts.at(-1);
  if (refused?.reason === 'PlanChanged' && Date.parse(refused.endedAt) > Date.parse(plan.madeAt))
    return 'The agent found something else on the node than what was planned.';
  if (node && node.system.bootID !== madeFor.bootID) return 'The node was rebooted after the plan was made.';
  if (isLater(kubeletStartedAt, madeFor.kubeletStartedAt ?? plan.madeAt))
    return 'The kubelet of the node was started again after the plan was made.';
  if (node?.checks?.found?.verdict !== madeFor.found && node)
    return 'A check of the node has found something else since the plan was made.';
  return null;
}

/** An event that is gone, or not known to a new leader, is no sign of a start. */
const isLater = (startedAt: number | null, known: string): boolean =>
  startedAt !== null && startedAt > Date.parse(known);
