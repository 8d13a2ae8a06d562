/** Lists incidents from their records: cause, outcome, when they began and how long they took. */
import { API_VERSION } from '../../api/keys.ts';
import { beganAt } from '../../api/trigger.ts';
import { parseRemediations } from '../../observe/custom-resources.ts';
import type { Remediation } from '../../remediation/world.ts';
import { shortDuration } from '../durations.ts';
import { print } from '../print.ts';
import { type Column, table } from '../table.ts';
import { EXIT, type ExitCode, type PluginContext } from '../verb.ts';

/** A line of the history. The names are an interface: scripts read them with `-o json`. Times are RFC 3339. */
interface Incident {
  readonly name: string;
  readonly node: string;
  readonly policy: string;
  readonly cause: string;
  /** What it began with: Crash or LateLoop. */
  readonly trigger: string;
  readonly phase: string;
  readonly reason: string | null;
  readonly message: string | null;
  /** When the DNS pod crashed, or was found not to answer. */
  readonly began: string;
  /** null while it is not over. */
  readonly ended: string | null;
  /** Until now while it is not over. */
  readonly seconds: number;
  readonly acknowledged: boolean;
}

export async function history(context: PluginContext, node: string | undefined): Promise<ExitCode> {
  const { kube } = await context.connect();
  const objects = await kube.customResource(API_VERSION, 'dnsremediations').list(context.signal);
  const incidents = parseRemediations(objects)
    .map((remediation) => incidentOf(remediation, context.now()))
    .filter((incident) => node === undefined || incident.node === node)
    .toSorted((a, b) => Date.parse(b.began) - Date.parse(a.began));
  await print(context, { incidents }, (isWide) =>
    incidents.length === 0 ? nothing(node) : table(COLUMNS, incidents, isWide),
  );
  return EXIT.well;
}

const nothing = (node: string | undefined): string =>
  node === undefined ? 'No incidents are recorded.\n' : `No incidents of node ${node} are recorded.\n`;

function incidentOf({ name, acknowledged, spec, status }: Remediation, now: number): Incident {
  const { phase, reason = null, message = null, finishedAt: ended = null } = status;
  const began = beganAt(spec);
  const seconds = Math.round(((ended === null ? now : Date.parse(ended)) - began) / 1000);
  return {
    name,
    node: spec.node.name,
    policy: spec.policy.name,
    cause: spec.cause,
    trigger: spec.trigger,
    phase,
    reason,
    message,
    began: new Date(began).toISOString(),
    ended,
    seconds,
    acknowledged,
  };
}

const COLUMNS: readonly Column<Incident>[] = [
  { title: 'NAME', of: ({ name }) => name },
  { title: 'NODE', of: ({ node }) => node },
  { title: 'CAUSE', of: ({ cause }) => cause },
  { title: 'TRIGGER', of: ({ trigger }) => trigger },
  { title: 'PHASE', of: ({ phase }) => phase },
  { title: 'REASON', of: ({ reason }) => reason ?? '' },
  { title: 'BEGAN', of: ({ began }) => began },
  {
    title: 'TOOK',
    of: ({ ended, seconds }) => `${shortDuration(seconds * 1000)}${ended === null ? ' so far' : ''}`,
  },
  { title: 'POLICY', of: ({ policy }) => policy, wide: true },
  { title: 'MESSAGE', of: ({ message }) => message ?? '', wide: true },
];
