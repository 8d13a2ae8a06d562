/** Shows the status once, or goes on and tells incidents as they happen. */

import type { NodesStatus } from '../../api/nodes-status.ts';
import { PluginError } from '../errors.ts';
import { print } from '../terminal/print.ts';
import { EXIT, type ExitCode, type PluginContext } from '../verb.ts';
import { readStatus, type Status } from './read-status.ts';
import { isWell as conditionIsWell } from './show-conditions.ts';
import { showStatus } from './show-status.ts';
import { watchCluster } from './watch-cluster.ts';

export async function status(context: PluginContext): Promise<ExitCode> {
  const connection = await context.connect();
  const now = context.now();
  const found = await readStatus(connection, context.signal, now);
  await print(context, found, (isWide) =>
    showStatus(found, { isWide, columns: context.out.columns, now, paint: context.out.paint }),
  );
  return isWell(found) ? EXIT.well : EXIT.fault;
}

/** @returns when the signal aborts */
export async function watchStatus(context: PluginContext): Promise<ExitCode> {
  if (context.format === 'json' || context.format === 'yaml')
    throw new PluginError('--watch prints lines for people: leave out --output, or leave out --watch');
  const code = await status(context);
  context.out.line(
    `\n${context.out.paint('bold', 'Watching for incidents and nodes that go wrong (Ctrl-C ends):')}`,
  );
  await watchCluster(await context.connect(), context);
  return code;
}

function isWell({ operator, policies, incidents }: Status): boolean {
  const { running, awaitApproval, waiting, needAttention } = incidents;
  return (
    operator?.runs !== false &&
    running.length + awaitApproval.length + waiting.length + needAttention.length === 0 &&
    policies.every(({ status }) => status.conditions.every(conditionIsWell)) &&
    policies.every(({ status: { nodes } }) => nodes === undefined || nodesAreWell(nodes))
  );
}

/** A check that fails shows nothing about the node: it is listed, and does not count as a fault. */
const nodesAreWell = ({ drifted, notProven, filesDiffer }: NodesStatus): boolean =>
  drifted === 0 &&
  notProven.every(({ reason }) => reason === 'NotChecked' || reason === 'CheckFailed') &&
  filesDiffer.every(({ reason }) => reason !== 'PendingInFile');
