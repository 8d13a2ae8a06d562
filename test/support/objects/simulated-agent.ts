/** What the agent and its guard report in the simulated cluster, by what the script says of them. */
import type { RepairReport } from '../../../src/api/agent-protocol.ts';
import { aGuardReport, aRepairReport } from './builders.ts';
import type { Passing, Script } from './simulated-script.ts';

interface Circumstances {
  /** Its Job may write in the directory that holds the value. */
  readonly mayWriteElsewhere: boolean;
  /** It is asked to correct a file without a restart. */
  readonly isOfFile: boolean;
  readonly isGuarded: boolean;
  readonly now: number;
}

/** The report of an agent that leaves one. */
export function reportOfAgent(
  agent: Script['agent'] | Passing,
  { mayWriteElsewhere, isOfFile, isGuarded, now }: Circumstances,
): RepairReport {
  const nodeUnchanged = true;
  if (agent === 'elsewhere' && !mayWriteElsewhere)
    return aRepairReport({
      outcome: 'refused',
      reason: 'DirectoryNotMounted',
      nodeUnchanged,
      needs: '/etc/default',
    });
  if (agent === 'target-silent')
    return aRepairReport({ outcome: 'refused', reason: 'TargetSilent', nodeUnchanged });
  if (agent === 'interrupted')
    return aRepairReport({ outcome: 'failed', reason: 'Interrupted', nodeUnchanged });
  const down = agent === 'failed-kubelet-down';
  const outcome = down
    ? 'failed'
    : agent === 'dies-once' || agent === 'elsewhere'
      ? 'repaired'
      : (agent as RepairReport['outcome']);
  if (isOfFile && outcome === 'repaired') return aCorrection();
  const seen = new Date(now).toISOString();
  return aRepairReport({
    outcome,
    reason: outcome === 'refused' ? 'TargetLoops' : 'AsScripted',
    nodeUnchanged: outcome !== 'repaired' && !down,
    kubelet: { pidBefore: 1, pidAfter: 2, restarts: 1, active: !down },
    ...(outcome === 'repaired' ? { watched: !isGuarded } : {}),
    times: { written: seen, restarted: seen },
  });
}

const aCorrection = (): RepairReport =>
  aRepairReport({
    outcome: 'corrected',
    reason: 'FileCorrected',
    kubelet: { pidBefore: 10, pidAfter: 10, restarts: 0, active: true },
    compared: {
      running: 'right',
      inFile: 'right',
      given: { path: '/etc/resolv.conf', class: 'ok', nameservers: ['192.0.2.1'] },
      changed: [],
    },
  });

/** The termination message of the guard, which has nothing to do where nothing was changed. */
export function messageOfGuard(guard: Exclude<Script['guard'], 'none'>, isWatching: boolean): string {
  const outcome = isWatching ? guard : 'nothing-to-guard';
  if (outcome === 'dies' || outcome === 'endless') return '';
  return JSON.stringify(
    aGuardReport({
      outcome,
      reason: 'AsScripted',
      nodeUnchanged: outcome === 'rolled-back',
      kubelet: { pidBefore: 1, pidAfter: 3, restarts: 2, active: outcome !== 'failed' },
    }),
  );
}
