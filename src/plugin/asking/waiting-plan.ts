/** The plan of a record that waits for a person's answer, or why there is none to answer. Pure. */
import type { Plan } from '../../api/plan.ts';
import { FINAL_PHASES } from '../../api/remediation.ts';
import type { Remediation } from '../../remediation/world.ts';
import { PluginError } from '../errors.ts';

/** @throws PluginError if it waits for no answer, or for none any more */
export function planToAnswer({ name, spec, status }: Remediation, now: number): Plan {
  const { phase, plan } = status;
  if (phase === 'Planned')
    throw new PluginError(
      `${name} ended as Planned: nothing waits for an answer there. Under a policy in the mode Approve a plan can be approved`,
    );
  if (FINAL_PHASES.includes(phase))
    throw new PluginError(`${name} ended as ${phase}, so there is no plan to answer`);
  if (phase === 'Planning')
    throw new PluginError(
      `the plan for node ${spec.node.name} is being made${plan === undefined ? '' : ' again, because the node has changed'}: try again in some seconds`,
    );
  if (phase !== 'AwaitingApproval') throw new PluginError(whyNoneWaits(name, status));
  if (plan === undefined) throw new PluginError(`${name} holds no plan yet: try again in some seconds`);
  const { expiresAt } = plan;
  if (expiresAt !== undefined && Date.parse(expiresAt) <= now)
    throw new PluginError(
      `the plan of ${name} expired at ${expiresAt}: a new crash, or the next check that finds the node wrong, makes a new one`,
    );
  return plan;
}

function whyNoneWaits(name: string, { phase, approval, reason }: Remediation['status']): string {
  const state = reason === undefined ? phase : `${phase}, ${reason}`;
  return approval === undefined
    ? `${name} has no plan that waits for an answer (${state})`
    : `the plan of ${name} was approved by ${approval.by} at ${approval.at} (${state} now)`;
}
