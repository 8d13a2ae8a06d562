/** Shows plans and approves what was shown: a plan that was made again in the meantime is not approved unseen. */
import { APPROVED_ANNOTATION, APPROVED_BY_ANNOTATION } from '../../api/keys.ts';
import type { Plan } from '../../api/plan.ts';
import { parseRemediation } from '../../observe/custom-resources.ts';
import type { Remediation } from '../../remediation/world.ts';
import { askForEach } from '../asking/ask-for-each.ts';
import type { Stored } from '../asking/change.ts';
import { recordPath, type Selection, selectRecords } from '../asking/records.ts';
import { planToAnswer } from '../asking/waiting-plan.ts';
import { whoAmI } from '../asking/who-am-i.ts';
import { PluginError } from '../errors.ts';
import { showPlan } from '../incident/show-plan.ts';
import { EXIT, type ExitCode, type PluginContext } from '../verb.ts';

interface How {
  /** Without a question. */
  readonly yes: boolean;
  readonly dryRun: boolean;
}

export async function approve(
  context: PluginContext,
  selection: Selection,
  { yes, dryRun }: How,
): Promise<ExitCode> {
  const { kube } = await context.connect();
  const { out, signal } = context;
  const waits = ({ status }: Remediation): boolean => status.phase === 'AwaitingApproval';
  const records = await selectRecords(kube, selection, waits, signal);
  if (records.length === 0) {
    out.line('No plan waits for an approval.');
    return EXIT.well;
  }
  const now = context.now();
  const shown = records.map((record) => ({ record, plan: planToAnswer(record, now) }));
  out.write(shown.map(({ record, plan }) => showPlan(record, plan, { now, paint: out.paint })).join('\n'));
  out.line();
  if (!yes && !dryRun && !(await context.confirm(question(shown.length)))) {
    out.line('Nothing was approved.');
    return EXIT.fault;
  }
  const user = await whoAmI(kube, signal);
  await askForEach(
    kube,
    shown.map(({ record, plan }) => ({
      object: `dnsremediation/${record.name}`,
      what: `Approves plan ${plan.number} for node ${record.spec.node.name} as ${user}.`,
      done: 'Approved. The repair begins as soon as limits, windows and pauses allow it: kubectl dnshealth status --watch',
      already: 'Was approved before.',
      path: recordPath(record.name),
      role: 'dnshealth-approver',
      decide: (object) => approval(object, plan, user, context.now()),
    })),
    context,
    dryRun,
  );
  return EXIT.well;
}

const question = (count: number): string =>
  count === 1 ? 'Approve this plan?' : `Approve these ${count} plans?`;

/** @throws PluginError if the record waits for another answer now than the one that was shown */
function approval(object: Stored, shown: Plan, user: string, now: number) {
  const record = parseRemediation(object);
  const { [APPROVED_ANNOTATION]: hash, [APPROVED_BY_ANNOTATION]: by } = object.metadata.annotations;
  // By whomever: an answer is not signed again.
  if (hash === shown.hash && by !== undefined) return null;
  const plan = planToAnswer(record, now);
  if (plan.hash !== shown.hash)
    throw new PluginError(
      `the plan of ${record.name} was made again in the meantime (number ${plan.number}), because the node has changed: look at it and approve that`,
    );
  return {
    metadata: { annotations: { [APPROVED_ANNOTATION]: shown.hash, [APPROVED_BY_ANNOTATION]: user } },
  };
}
