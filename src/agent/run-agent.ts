/** One run of the agent: request in, report written in any case, exit code out. Wired by `src/agent.ts`. */
import {
  type AgentReport,
  type AgentRequest,
  agentRequestSchema,
  type CheckReport,
  type GuardReport,
  type InspectReport,
  type RepairReport,
  type RollbackReport,
} from '../api/agent-protocol.ts';
import { assertNever } from '../api/assert-never.ts';
import { errorText } from './error-text.ts';
import type { Log } from './log.ts';
import { writeReport } from './report.ts';

export interface Run {
  /** The JSON of the request, unparsed. */
  readonly request: string | undefined;
  readonly reportPath: string;
  readonly started: string;
  readonly log: Log;
  readonly repair: (request: AgentRequest & { verb: 'repair' }) => Promise<RepairReport>;
  readonly inspect: (request: AgentRequest & { verb: 'inspect' }) => Promise<InspectReport>;
  readonly rollback: (request: AgentRequest & { verb: 'rollback' }) => Promise<RollbackReport>;
  readonly guard: (request: AgentRequest & { verb: 'guard' }) => Promise<GuardReport>;
  readonly check: (request: AgentRequest & { verb: 'check' }) => Promise<CheckReport>;
  /** Says to the guard beside an agent that this run is over, whatever came of it. The last act. */
  readonly sayEnded: () => void;
}

const SUCCESSFUL: ReadonlySet<string> = new Set([
  'repaired',
  'corrected',
  'would-change',
  'already-right',
  'refused',
  'usable',
  'kept',
  'nothing-to-guard',
]);

export async function runAgent(run: Run): Promise<number> {
  const report = await reportOf(run);
  run.log('report', { report });
  try {
    writeReport(report, run.reportPath);
  } finally {
    if (report.verb === 'repair' || report.verb === 'rollback') run.sayEnded();
  }
  // `rolled-back` is a failed repair, but a successful rollback.
  return SUCCESSFUL.has(report.outcome) || (report.verb === 'rollback' && report.outcome === 'rolled-back')
    ? 0
    : 1;
}

async function reportOf(run: Run): Promise<AgentReport> {
  let request: AgentRequest;
  try {
    request = agentRequestSchema.parse(JSON.parse(run.request ?? ''));
  } catch (error) {
    return failure(run, 'InvalidRequest', `Invalid request: ${errorText(error)}.`, identify(run.request));
  }
  try {
    return await runRequested(request, run);
  } catch (error) {
    return failure(run, 'InternalError', `Unexpected error: ${errorText(error)}.`, request);
  }
}

async function runRequested(request: AgentRequest, run: Run): Promise<AgentReport> {
  switch (request.verb) {
    case 'repair':
      return run.repair(request);
    case 'inspect':
      return run.inspect(request);
    case 'rollback':
      return run.rollback(request);
    case 'guard':
      return run.guard(request);
    case 'check':
      return run.check(request);
    default:
      return assertNever(request);
  }
}

interface Identity {
  readonly verb: AgentRequest['verb'];
  readonly nonce: string;
}

const OTHER_VERBS = ['check', 'inspect', 'rollback', 'guard'] as const;

/** Verb and nonce of an invalid request, as far as they are readable, so that the operator can match the report. */
function identify(request: string | undefined): Identity {
  try {
    const { verb, nonce } = JSON.parse(request ?? '') as { verb?: unknown; nonce?: unknown };
    return {
      verb: OTHER_VERBS.find((known) => known === verb) ?? 'repair',
      nonce: typeof nonce === 'string' ? nonce.slice(0, 64) : '',
    };
  } catch {
    return { verb: 'repair', nonce: '' };
  }
}

function failure(run: Run, reason: string, message: string, { verb, nonce }: Identity): AgentReport {
  const end = { nonce, outcome: 'failed', reason, message } as const;
  if (verb === 'check') return { verb, ...end, answers: [] };
  const times = { started: run.started, finished: new Date().toISOString() };
  if (verb === 'inspect') return { verb, ...end, layout: 'unknown', times };
  if (verb === 'rollback' || verb === 'guard') return { verb, ...end, nodeUnchanged: true, times };
  return { verb, ...end, nodeUnchanged: true, layout: 'unknown', times };
}
