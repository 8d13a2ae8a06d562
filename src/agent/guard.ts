/**
 * The verb `guard`, in the second container of the repair Job's pod: waits for the agent's end, then watches the kubelet
 * of the change that was handed over, and undoes it if that kubelet dies. It runs before the kubelet is restarted, because
 * a kubelet that is in doubt cannot be trusted to start it.
 */
import { type GuardReport, type GuardRequest, KUBELET_DIRECTORIES } from '../api/agent-protocol.ts';
import { Refused } from '../api/refused.ts';
import { followAgent } from './change/lock.ts';
import type { SettleContext, Settled } from './change/settled.ts';
import { withLock, withStateDirectory } from './change/state-directory.ts';
import { completedEarlier, resumeUnfinished } from './change/unfinished-run.ts';
import { wordingOf } from './change/wording.ts';
import { isWithin } from './files/host-tree.ts';
import { runVerb, type WriteContext } from './run-verb.ts';
import { remarks } from './unit/watch-kubelet.ts';

export interface GuardContext extends WriteContext {
  /** Whether the agent has said that it ends. */
  readonly agentEnded: () => boolean;
}

/** How long the agent may take from the start of the guard until it holds the lock or has ended. */
const AGENT_START_MS = 60_000;
/** How long another agent's run may hold the lock. It settles what it finds before its own work. */
const LOCKED_MS = 60_000;
const POLL_MS = 50;

type End = Pick<GuardReport, 'outcome' | 'reason' | 'message' | 'nodeUnchanged'> & Partial<GuardReport>;

export async function guard(request: GuardRequest, context: GuardContext): Promise<GuardReport> {
  const report = ({ times, ...end }: End): GuardReport => ({
    verb: 'guard',
    nonce: request.nonce,
    ...end,
    times: { ...times, started: context.started, finished: new Date(context.clock.now()).toISOString() },
  });
  return runVerb(context, {
    body: async () => {
      await waitForAgentsEnd(request, context);
      return report(await underLock(request, context));
    },
    target: () => '',
    reportFailure: (failure) => report({ ...failure, outcome: 'failed', nodeUnchanged: false }),
  });
}

/** The agent is over when its lock is released or its process is gone, or when it says so without having had the lock. */
async function waitForAgentsEnd(request: GuardRequest, context: GuardContext): Promise<void> {
  const { clock, stop, log } = context;
  const beganMs = clock.now();
  await withStateDirectory(request.remediation, context, async (directory) => {
    const onWelcome = (): void => log('the agent knows that it is guarded');
    while (!(await followAgent(directory, request.nonce, onWelcome))) {
      if (context.agentEnded()) return;
      if (stop.aborted || clock.now() - beganMs > AGENT_START_MS) {
        log('agent not seen');
        return;
      }
      await clock.sleep(POLL_MS);
    }
  });
}

async function underLock(request: GuardRequest, context: GuardContext): Promise<End> {
  const { clock } = context;
  const beganMs = clock.now();
  for (;;) {
    try {
      return await withLock(request, context, async (settling) => settleUnderLock(request, settling));
    } catch (error) {
      const isLocked = error instanceof Refused && error.reason === 'Locked';
      if (!isLocked || clock.now() - beganMs > LOCKED_MS) throw error;
    }
    await clock.sleep(POLL_MS);
  }
}

async function settleUnderLock(request: GuardRequest, context: SettleContext): Promise<End> {
  const { remediation, nonce } = request;
  const open = context.journals.unfinished();
  // What another incident has left is settled by the next agent, which may need another directory for it.
  const isOurs = open?.remediation === remediation && open.nonce === nonce;
  if (isOurs && mayWrite(open.file.directory, request)) {
    context.log('guarding', { step: open.step });
    const settled = await resumeUnfinished(nonce, () => undefined, context);
    if (settled !== undefined) return endOf(settled);
  }
  const done = context.journals.finishedRun(remediation, nonce);
  if (done !== undefined) return endOf(completedEarlier(done, context));
  return {
    outcome: 'nothing-to-guard',
    reason: 'NothingToGuard',
    message: 'The agent left no change that has to be guarded.',
    nodeUnchanged: true,
  };
}

function mayWrite(path: string, { writable }: GuardRequest): boolean {
  const needs = KUBELET_DIRECTORIES.find((directory) => isWithin(path, directory));
  return needs === undefined || writable.includes(needs);
}

function endOf({ outcome, reason, message, advice, nodeUnchanged, active, journal }: Settled): End {
  const { pidBefore, pidAfter, restarts, watched, times } = journal;
  const known = {
    nodeUnchanged,
    kubelet: { pidBefore, pidAfter, restarts, active },
    times: times.restarted === undefined ? {} : { restarted: times.restarted },
    ...(advice === undefined ? {} : { advice }),
  };
  // A change without a restart has no guard.
  if (outcome === 'corrected') return { ...known, outcome: 'nothing-to-guard', reason, message };
  if (outcome !== 'repaired') return { ...known, outcome, reason, message };
  return {
    ...known,
    outcome: 'kept',
    reason: 'Kept',
    message: `The kubelet kept serving with ${wordingOf(journal).kept} as process ${pidAfter}.${watched ? remarks(watched) : ''}`,
  };
}
