/**
 * Carries a journaled change to its end, from the step that the journal names: a fresh run enters right after the
 * backup, a later one where the killed run stopped. Each step is journaled before it is taken.
 */
import { assertNever } from '../../api/assert-never.ts';
import { beginWatch, LIMIT_MS, type Watched } from '../unit/watch.ts';
import { type NotKept, remarks } from '../unit/watch-kubelet.ts';
import type { Journal } from './journal.ts';
import { JournaledFile } from './journaled-file.ts';
import { isActive, restartKubelet, watch } from './restart.ts';
import { end, foreign, type SettleContext, type Settled } from './settled.ts';
import { undo, undoBeforeRestart } from './undo.ts';
import { wordingOf } from './wording.ts';

/** The file must hold the new bytes, or what a run that was killed between two steps has left. */
export async function settle(journal: Journal, context: SettleContext): Promise<Settled> {
  const file = new JournaledFile(journal, context);
  switch (journal.step) {
    case 'writing':
    case 'restarting':
      return finishChange(journal, file, context);
    case 'guarding':
      return guard(journal, file, context);
    case 'undoing':
    case 'undo-restarting':
      return undo(journal, file, context);
    default:
      return assertNever(journal.step);
  }
}

async function finishChange(from: Journal, file: JournaledFile, context: SettleContext): Promise<Settled> {
  let journal = from;
  const { holds, changedAtMs } = file.state();
  if (holds === 'foreign') return foreign(journal, context);
  // An earlier run was killed during its undo: continue that.
  if (holds !== 'new') return undo({ ...journal, step: 'undoing' }, file, context);
  if (journal.restart === false) return corrected(journal, context);
  if (journal.step === 'writing') {
    journal = { ...journal, step: 'restarting', restarts: 1, bytesSinceMs: changedAtMs };
    try {
      context.journals.save(journal);
    } catch (error) {
      return undoBeforeRestart(journal, file, error, context);
    }
  }
  const restarted = await restartKubelet(journal, context);
  if (restarted.kind === 'not-restarted') return undoBeforeRestart(journal, file, restarted.error, context);
  if ('why' in restarted) return notKept(journal, restarted, file, context);
  const { watched } = restarted;
  journal = {
    ...journal,
    step: 'guarding',
    watched,
    pidAfter: watched.process?.pid ?? 0,
    times: { ...journal.times, restarted: new Date(watched.servingSinceMs ?? 0).toISOString() },
  };
  // With a full disk a guard would find `restarting`, so this run guards itself.
  const isJournaled = context.journals.trySave(journal);
  const changed = await changedSince(journal, file, context);
  if (changed !== undefined) return changed;
  return isJournaled && context.isGuarded() ? handOver(journal, context) : guard(journal, file, context);
}

/** There is nothing to watch: the running kubelet has not read the new bytes, and is right without them. */
async function corrected(journal: Journal, context: SettleContext): Promise<Settled> {
  const isRevert = journal.reverts !== undefined;
  return end(
    { ...journal, pidAfter: journal.pidBefore, outcome: 'corrected' },
    isRevert ? 'RolledBack' : 'FileCorrected',
    `${wordingOf(journal).changed}. The kubelet was not restarted: it ${isRevert ? '' : 'is right already, and '}reads the file when it is started next.`,
    { nodeUnchanged: false, active: await isActive(context) },
    context,
  );
}

/** Watches the new kubelet until it has served for long enough, and undoes the change if it dies before. */
async function guard(from: Journal, file: JournaledFile, context: SettleContext): Promise<Settled> {
  const known = from.watched ?? beginWatch(context.clock.now());
  const watching = await watch(resumed(known, context.clock.now()), from, 'kept', context);
  if ('why' in watching) return notKept(from, watching, file, context);
  const { watched } = watching;
  const journal: Journal = { ...from, watched, pidAfter: watched.process?.pid ?? from.pidAfter };
  const changed = await changedSince(journal, file, context);
  if (changed !== undefined) return changed;
  // The kubelet runs with the new value, even if the disk is full now.
  context.journals.tryFinish({ ...journal, outcome: 'repaired' });
  return repaired({ ...journal, outcome: 'repaired' });
}

/** A run that was killed leaves its watch behind; the limits count from the next look. */
const resumed = (watched: Watched, nowMs: number): Watched =>
  nowMs - watched.beganMs < LIMIT_MS ? watched : { ...watched, beganMs: nowMs };

/**
 * As it begins to serve, a kubelet looks up the containers that exist. If this one ended in that moment, cAdvisor would
 * ask containerd for it again for three seconds (Kubernetes 1.34), and until then no pod of the node would be started or
 * reported. Not longer than necessary: an end within the first second is reported with the kubelet's first pods.
 */
const LOOK_UP_MS = 700;

async function handOver(journal: Journal, context: SettleContext): Promise<Settled> {
  await context.clock.sleep(LOOK_UP_MS);
  context.log('handed over to the guard', { pid: journal.pidAfter });
  return { ...repaired(journal), handedOver: true };
}

function repaired(journal: Journal): Settled {
  const { pidAfter, watched } = journal;
  return {
    outcome: 'repaired',
    reason: journal.reverts === undefined ? 'Repaired' : 'RolledBack',
    message: `${wordingOf(journal).changed}; the kubelet was restarted and runs as process ${pidAfter}.${watched ? remarks(watched) : ''}`,
    journal,
    nodeUnchanged: false,
    active: true,
  };
}

/** The new kubelet has not served for long enough. What did not come of the new value is not undone. */
async function notKept(
  from: Journal,
  { kind, why, watched }: NotKept,
  file: JournaledFile,
  context: SettleContext,
): Promise<Settled> {
  const pidAfter = watched.process?.pid ?? from.pidAfter;
  context.log('new kubelet is not kept', { verdict: kind, why });
  switch (kind) {
    case 'down': {
      const journal: Journal = {
        ...from,
        watched,
        pidAfter,
        step: 'undoing',
        problem: why + remarks(watched),
      };
      // With a full disk the undo is still right: a later run finds the step before and comes here again.
      context.journals.trySave(journal);
      return undo(journal, file, context);
    }
    case 'stopped':
    case 'unsettled':
      return end(
        { ...from, watched, pidAfter, outcome: 'failed' },
        kind === 'stopped' ? 'KubeletStopped' : 'KubeletUnsettled',
        `${why} The file ${from.change.path} was left with ${wordingOf(from).kept}.`,
        { nodeUnchanged: false, active: await isActive(context), advice: ADVICE[kind] },
        context,
      );
    default:
      return assertNever(kind);
  }
}

const ADVICE = {
  stopped: 'Start it again when it may run: `systemctl start kubelet`. It will read the new value.',
  unsettled: 'Find out what restarts or kills the kubelet: `journalctl -u kubelet` on the node.',
  'written-back':
    'Find what writes the file, for example an ExecStartPre= of kubelet.service or a configuration manager, and change the value there.',
} as const;

/** Something wrote the file after this run did: the next kubelet, or already this one, does not have the new value. */
async function changedSince(
  journal: Journal,
  file: JournaledFile,
  context: SettleContext,
): Promise<Settled | undefined> {
  const holds = file.holds();
  if (holds === 'new') return undefined;
  if (holds !== 'old') return foreign(journal, context);
  return end(
    { ...journal, outcome: 'failed' },
    'WrittenBack',
    `${wordingOf(journal).changed} and the kubelet was restarted, but something else has written the previous content back since.`,
    { nodeUnchanged: true, active: await isActive(context), advice: ADVICE['written-back'] },
    context,
  );
}
