/** Asks for a rollback with an annotation that carries reason and user, and follows the record that answers it. */
import { ROLLBACK_ANNOTATION, ROLLBACK_BY_ANNOTATION } from '../../api/keys.ts';
import { FINAL_PHASES } from '../../api/remediation.ts';
import { parseRemediation } from '../../observe/custom-resources.ts';
import { isOfFileAlone } from '../../remediation/facts.ts';
import type { Remediation } from '../../remediation/world.ts';
import { askForEach } from '../asking/ask-for-each.ts';
import { awaitRecords } from '../asking/await-records.ts';
import type { Stored } from '../asking/change.ts';
import { recordPath, selectRecords } from '../asking/records.ts';
import { whoAmI } from '../asking/who-am-i.ts';
import { PluginError } from '../errors.ts';
import { createTeller } from '../incident/tell.ts';
import { EXIT, type ExitCode, type PluginContext } from '../verb.ts';

interface Request {
  readonly name: string;
  readonly reason: string;
  readonly wait: boolean;
  readonly timeoutMs: number;
  readonly dryRun: boolean;
}

export async function rollback(context: PluginContext, request: Request): Promise<ExitCode> {
  const { name, reason, wait, dryRun } = request;
  const connection = await context.connect();
  const { kube } = connection;
  const selection = { names: [name], all: false, policy: undefined };
  const [record] = await selectRecords(kube, selection, () => true, context.signal);
  if (!record) throw new PluginError(`there is no DNSRemediation ${name}`);
  mustHaveChanged(record);
  const user = await whoAmI(kube, context.signal);
  const ask = {
    object: `dnsremediation/${name}`,
    what: whatItDoes(record, user),
    done: 'Asked. The operator answers with a DNSRemediation of its own.',
    already: 'Was asked before with this reason.',
    path: recordPath(name),
    role: 'dnshealth-approver',
    decide: (object: Stored) => {
      const { [ROLLBACK_ANNOTATION]: why, [ROLLBACK_BY_ANNOTATION]: by } = object.metadata.annotations;
      if (why === reason && by !== undefined) return null;
      mustHaveChanged(parseRemediation(object));
      const annotations = { [ROLLBACK_ANNOTATION]: reason, [ROLLBACK_BY_ANNOTATION]: user };
      return { metadata: { annotations } };
    },
  } as const;
  await askForEach(kube, [ask], context, dryRun);
  return wait && !dryRun ? follow(record, context, request) : EXIT.well;
}

/** What the operator would refuse at once; the rest is for it to see. @throws PluginError */
function mustHaveChanged({ name, status }: Remediation): void {
  if (status.rolledBackBy !== undefined)
    throw new PluginError(`${name} was rolled back already, by ${status.rolledBackBy}`);
  if (!FINAL_PHASES.includes(status.phase))
    throw new PluginError(`${name} is not over (${status.phase}): ask again when it is`);
  if (status.repair?.change === undefined)
    throw new PluginError(`${name} changed nothing on its node, so there is nothing to take back`);
}

function whatItDoes(record: Remediation, user: string): string {
  const change = record.status.repair?.change;
  const restart = isOfFileAlone(record) ? 'without a restart' : 'restarts its kubelet once';
  const node = record.spec.node.name;
  return `Restores ${change?.path ?? 'the file'} on node ${node} as it was before, ${restart}, and labels the node dnshealth.io/exclude=true, as ${user}.`;
}

/** Tells it step by step. */
async function follow(
  { uid }: Remediation,
  context: PluginContext,
  { name, reason, timeoutMs }: Request,
): Promise<ExitCode> {
  const teller = createTeller(context.out);
  let last: Remediation | undefined;
  const see = (record: Remediation, end: () => void): void => {
    if (record.spec.trigger !== 'Rollback') return;
    const { of, reason: why } = record.spec.rollback;
    if (of.uid !== uid || why !== reason) return;
    last = record;
    teller.tell(record);
    if (FINAL_PHASES.includes(record.status.phase)) end();
  };
  const isDone = await awaitRecords(await context.connect(), context, timeoutMs, { record: see });
  if (isDone) return last?.status.phase === 'RolledBack' ? EXIT.well : EXIT.fault;
  throw new PluginError(
    last === undefined
      ? `the operator has not answered the request in time: kubectl describe dnsrem ${name} shows its events`
      : `${last.name} is not over in time (${last.status.phase}): kubectl dnshealth status shows it`,
  );
}
