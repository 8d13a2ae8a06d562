/** Prints the plan of each node, or why there is none. */
import type { Plan } from '../../api/plan.ts';
import { showPlan } from '../incident/show-plan.ts';
import { print } from '../terminal/print.ts';
import { EXIT, type ExitCode, type PluginContext } from '../verb.ts';
import type { Answers } from './answers.ts';

/** The names are an interface: scripts read them with `-o json`. */
interface PlanOfNode {
  readonly node: string;
  /** null: the operator has not answered, or makes none. */
  readonly record: string | null;
  readonly phase: string | null;
  readonly reason: string | null;
  readonly message: string | null;
  readonly plan: Plan | null;
}

/** @returns fault where a plan is missing that the operator has refused, cannot where it has not answered */
export async function printPlans(
  context: PluginContext,
  nodes: readonly string[],
  policy: string,
  { records, refused }: Answers,
): Promise<ExitCode> {
  const plans = nodes.map((node): PlanOfNode => {
    const record = records.get(node);
    const { phase = null, reason = null, message = null, plan = null } = record?.status ?? {};
    return { node, record: record?.name ?? null, phase, reason, message, plan };
  });
  const view = { now: context.now(), paint: context.out.paint };
  await print(context, { plans }, () =>
    plans
      .map((one) => {
        const record = records.get(one.node);
        const state = `${one.phase}${one.reason === null ? '' : ` (${one.reason})`}`;
        if (record && one.plan) return `${showPlan(record, one.plan, view)}  ${nextStep(one, state)}\n`;
        const why = refused.has(one.node)
          ? `The operator makes no plan for it. Why: kubectl describe dnshealth ${policy}`
          : 'The operator has not answered yet.';
        return `${one.node}  ${record ? `${state}: ${one.message ?? ''}` : why}\n`;
      })
      .join('\n'),
  );
  const missing = plans.filter(({ plan }) => plan === null);
  if (missing.some(({ node, record }) => record === null && !refused.has(node))) return EXIT.cannot;
  return missing.length === 0 ? EXIT.well : EXIT.fault;
}

const nextStep = ({ record, phase }: PlanOfNode, state: string): string =>
  phase === 'AwaitingApproval'
    ? `It waits for an approval: kubectl dnshealth approve ${record}`
    : `The record is ${state}; nothing was changed by the plan.`;
