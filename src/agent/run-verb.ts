/** The frame of the verbs that work on the node: a refusal or an error becomes their report, and the bus is closed. */
import type { RefusalReason } from '../api/agent-protocol.ts';
import { Refused } from '../api/refused.ts';
import { adviceFor } from './advice.ts';
import type { NodeContext } from './decide/assess.ts';
import { errorText } from './error-text.ts';

export interface VerbContext extends NodeContext {
  readonly started: string;
  /** For how long the node has been up, in milliseconds. */
  readonly uptimeMs: () => number;
}

/** What the verbs that write need as well. */
export interface WriteContext extends VerbContext {
  /** Who may own the directories that are written in: root, except in tests. */
  readonly trustedUid: number;
  /** Whether the port of the kubelet at that address responds. */
  readonly kubeletServes: (nodeIP: string) => Promise<boolean>;
  /** Whether a guard was started beside this run. */
  readonly expectsGuard: boolean;
}

/** How a verb ended that did not reach an end of its own. */
export type Failure =
  | {
      readonly outcome: 'refused';
      readonly reason: RefusalReason;
      readonly message: string;
      readonly advice: string;
    }
  | {
      readonly outcome: 'failed';
      readonly reason: 'Interrupted' | 'InternalError';
      readonly message: string;
    };

interface Verb<Report> {
  readonly body: () => Promise<Report>;
  /** The resolv.conf that the advice names. */
  readonly target: () => string;
  readonly reportFailure: (failure: Failure) => Report;
}

export async function runVerb<Report>(context: VerbContext, verb: Verb<Report>): Promise<Report> {
  try {
    return await verb.body();
  } catch (error) {
    return verb.reportFailure(
      error instanceof Refused ? refusal(error, verb.target()) : failure(error, context),
    );
  } finally {
    context.unit.close();
  }
}

function refusal({ reason, message, advice }: Refused, target: string): Failure {
  return { outcome: 'refused', reason, message, advice: advice ?? adviceFor(reason, target) };
}

function failure(error: unknown, { stop, log }: VerbContext): Failure {
  const text = errorText(error);
  log('verb failed', { error: error instanceof Error ? error.stack : text });
  return stop.aborted
    ? { outcome: 'failed', reason: 'Interrupted', message: `The agent was interrupted: ${text}.` }
    : { outcome: 'failed', reason: 'InternalError', message: `Unexpected error: ${text}.` };
}
