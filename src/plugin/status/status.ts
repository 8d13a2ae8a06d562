/** Shows the status once, or goes on and tells incidents as they happen. */

import { PluginError } from '../errors.ts';
import { print } from '../print.ts';
import { EXIT, type ExitCode, type PluginContext } from '../verb.ts';
import { followIncidents } from './follow-incidents.ts';
import { readStatus, type Status } from './read-status.ts';
import { showStatus } from './show-status.ts';

export async function status(context: PluginContext): Promise<ExitCode> {
  const connection = await context.connect();
  const now = context.now();
  const found = await readStatus(connection, context.signal, now);
  await print(context, found, (isWide) => showStatus(found, { isWide, now, paint: context.out.paint }));
  return isWell(found) ? EXIT.well : EXIT.fault;
}

/** @returns when the signal aborts */
export async function watchStatus(context: PluginContext): Promise<ExitCode> {
  if (context.format === 'json' || context.format === 'yaml')
    throw new PluginError('--watch prints lines for people: leave out --output, or leave out --watch');
  const code = await status(context);
  context.out.line(`\n${context.out.paint('bold', 'Watching for incidents (Ctrl-C ends):')}`);
  await followIncidents(await context.connect(), context);
  return code;
}

function isWell({ operator, policies, incidents }: Status): boolean {
  const { running, waiting, needAttention } = incidents;
  return (
    operator?.runs !== false &&
    running.length + waiting.length + needAttention.length === 0 &&
    policies.every(({ status }) => status.conditions.every((condition) => condition.status === 'True'))
  );
}
