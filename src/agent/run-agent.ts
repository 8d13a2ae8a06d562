/** One run of the agent: request in, report written in every case, exit code out. Wired by `src/agent.ts`. */
import {
  type AgentReport,
  type AgentRequest,
  agentRequestSchema,
  type InspectReport,
  type ProveReport,
  type RepairReport,
  type RollbackReport,
} from '../api/agent-protocol.ts';
import { assertNever } from '../api/assert-never.ts';
import type { Log } from './log.ts';
import { writeReport } from './report.ts';

export interface Run {
  /** The JSON of the request, as it came. */
  readonly request: string | undefined;
  readonly reportPath: string;
  readonly started: string;
  readonly log: Log;
  readonly repair: (request: AgentRequest & { verb: 'repair' }) => Promise<RepairReport>;
  readonly inspect: (request: AgentRequest & { verb: 'inspect' }) => Promise<InspectReport>;
  readonly rollback: (request: AgentRequest & { verb: 'rollback' }) => Promise<RollbackReport>;
  readonly prove: (request: AgentRequest & { verb: 'prove' }) => Promise<ProveReport>;
}

const GOOD: ReadonlySet<string> = new Set(['repaired', 'would-change', 'already-right', 'refused', 'proven']);

export async function runAgent(run: Run): Promise<number> {
  const report = await reportOf(run);
  run.log('report', { report });
  writeReport(report, run.reportPath);
  // To be rolled back is the failure of a repair, and what a rollback is for.
  return GOOD.has(report.outcome) || (report.verb === 'rollback' && report.outcome === 'rolled-back') ? 0 : 1;
}

async function reportOf(run: Run): Promise<AgentReport> {
  let request: AgentRequest;
  try {
    request = agentRequestSchema.parse(JSON.parse(run.request ?? ''));
  } catch (error) {
    return failure(run, 'InvalidRequest', `the request is not one: ${String(error)}`, peek(run.request));
  }
  try {
    return await carryOut(request, run);
  } catch (error) {
    return failure(run, 'InternalError', String(error), request);
  }
}

async function carryOut(request: AgentRequest, run: Run): Promise<AgentReport> {
  switch (request.verb) {
    case 'repair':
      return run.repair(request);
    case 'inspect':
      return run.inspect(request);
    case 'rollback':
      return run.rollback(request);
    case 'prove':
      return run.prove(request);
    default:
      return assertNever(request);
  }
}

interface Identity {
  readonly verb: AgentRequest['verb'];
  readonly nonce: string;
}

/** What can be had from a request that is not valid, so that the operator at least knows whom the report is for. */
function peek(request: string | undefined): Identity {
  try {
    const { verb, nonce } = JSON.parse(request ?? '') as { verb?: unknown; nonce?: unknown };
    return {
      verb: verb === 'prove' || verb === 'inspect' || verb === 'rollback' ? verb : 'repair',
      nonce: typeof nonce === 'string' ? nonce.slice(0, 64) : '',
    };
  } catch {
    return { verb: 'repair', nonce: '' };
  }
}

function failure(run: Run, reason: string, message: string, { verb, nonce }: Identity): AgentReport {
  const end = { nonce, outcome: 'failed', reason, message } as const;
  if (verb === 'prove') return { verb, ...end, answers: [] };
  const times = { started: run.started, finished: new Date().toISOString() };
  if (verb === 'inspect') return { verb, ...end, layout: 'unknown', times };
  if (verb === 'rollback') return { verb, ...end, nodeUnchanged: true, times };
  return { verb, ...end, nodeUnchanged: true, layout: 'unknown', times };
}
