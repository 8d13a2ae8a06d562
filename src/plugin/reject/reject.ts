/** Rejects a plan, with the reason and the user in the same write. */
import { REJECTED_ANNOTATION, REJECTED_BY_ANNOTATION } from '../../api/keys.ts';
import { parseRemediation } from '../../observe/custom-resources.ts';
import { askForEach } from '../asking/ask-for-each.ts';
import { recordPath, selectRecords } from '../asking/records.ts';
import { planToAnswer } from '../asking/waiting-plan.ts';
import { whoAmI } from '../asking/who-am-i.ts';
import { EXIT, type ExitCode, type PluginContext } from '../verb.ts';

interface Request {
  readonly name: string;
  readonly reason: string;
  readonly dryRun: boolean;
}

export async function reject(context: PluginContext, { name, reason, dryRun }: Request): Promise<ExitCode> {
  const { kube } = await context.connect();
  const { signal } = context;
  const selection = { names: [name], all: false, policy: undefined };
  const [record] = await selectRecords(kube, selection, () => true, signal);
  const node = record?.spec.node.name ?? '';
  const user = await whoAmI(kube, signal);
  await askForEach(
    kube,
    [
      {
        object: `dnsremediation/${name}`,
        what: `Rejects the plan for node ${node} as ${user}: ${reason}`,
        done: 'Rejected. The incident ends as Refused, and nothing is changed on the node.',
        already: 'Was rejected before with this reason.',
        path: recordPath(name),
        role: 'dnshealth-approver',
        decide: (object) => {
          const { [REJECTED_ANNOTATION]: why, [REJECTED_BY_ANNOTATION]: by } = object.metadata.annotations;
          if (why === reason && by !== undefined) return null;
          planToAnswer(parseRemediation(object), context.now());
          const annotations = { [REJECTED_ANNOTATION]: reason, [REJECTED_BY_ANNOTATION]: user };
          return { metadata: { annotations } };
        },
      },
    ],
    context,
    dryRun,
  );
  return EXIT.well;
}
