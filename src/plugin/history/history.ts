/** Lists incidents from their records: cause, outcome, when they began and how long they took. */
import { API_VERSION } from '../../api/keys.ts';
import { parseRemediations } from '../../observe/custom-resources.ts';
import { type Incident, incidentOf, likelyWriters } from '../incident/incident.ts';
import { shortDuration } from '../terminal/durations.ts';
import { print } from '../terminal/print.ts';
import { type Column, table } from '../terminal/table.ts';
import { EXIT, type ExitCode, type PluginContext } from '../verb.ts';

export async function history(context: PluginContext, node: string | undefined): Promise<ExitCode> {
  const { kube } = await context.connect();
  const objects = await kube.customResource(API_VERSION, 'dnsremediations').list(context.signal);
  const incidents = parseRemediations(objects)
    .map((remediation) => incidentOf(remediation, context.now()))
    .filter((incident) => node === undefined || incident.node === node)
    .toSorted((a, b) => Date.parse(b.began) - Date.parse(a.began));
  await print(context, { incidents }, (isWide) =>
    incidents.length === 0
      ? nothing(node)
      : table(COLUMNS, incidents, { isWide, columns: context.out.columns }),
  );
  return EXIT.well;
}

const nothing = (node: string | undefined): string =>
  node === undefined ? 'No incidents are recorded.\n' : `No incidents of node ${node} are recorded.\n`;

const COLUMNS: readonly Column<Incident>[] = [
  { title: 'NAME', of: ({ name }) => name },
  { title: 'NODE', of: ({ node }) => node },
  { title: 'CAUSE', of: ({ cause }) => cause, isExtra: true },
  { title: 'TRIGGER', of: ({ trigger }) => trigger, isExtra: true },
  {
    title: 'PHASE',
    of: ({ phase, rolledBackBy }) => (rolledBackBy === null ? phase : `${phase} (rolled back)`),
  },
  { title: 'REASON', of: ({ reason }) => reason ?? '' },
  { title: 'BEGAN', of: ({ began }) => began, isExtra: true },
  {
    title: 'TOOK',
    of: ({ ended, seconds }) => `${shortDuration(seconds * 1000)}${ended === null ? ' so far' : ''}`,
  },
  { title: 'APPROVED BY', of: ({ approvedBy }) => approvedBy ?? '', wide: true },
  { title: 'ASKED BY', of: ({ askedBy }) => askedBy ?? '', wide: true },
  { title: 'ROLLED BACK BY', of: ({ rolledBackBy }) => rolledBackBy ?? '', wide: true },
  { title: 'REWRITTEN BY', of: ({ rewrittenBy }) => likelyWriters(rewrittenBy), wide: true },
  { title: 'OTHER PODS', of: ({ otherPods }) => String(otherPods?.total ?? ''), wide: true },
  { title: 'POLICY', of: ({ policy }) => policy, wide: true },
  { title: 'MESSAGE', of: ({ message }) => message ?? '', wide: true },
];
