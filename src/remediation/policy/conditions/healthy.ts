/** Healthy: all DNS pods of the workload are ready, none loops, and all answer. */
import type { DnsPodView } from '../../world.ts';
import type { AskedFacts, PolicyFacts } from '../facts.ts';
import type { Judgement } from './judgement.ts';

/** How many of them are ready and stay. */
export const readyPods = (dnsPods: readonly DnsPodView[]): number =>
  dnsPods.filter((pod) => pod.ready && !pod.deleting).length;

/** What the leader before this one found holds until this one has asked all pods. */
const HOLDS: readonly string[] = [
  'LateLoop',
  'PodsDoNotAnswer',
  'UpstreamUnreachable',
  'ServiceDoesNotAnswer',
];

export function healthy({ dnsPods, loopingPods, asked, previous }: PolicyFacts): Judgement {
  const total = dnsPods.length;
  const ready = readyPods(dnsPods);
  if (loopingPods.length > 0)
    return {
      status: 'False',
      reason: 'LoopDetected',
      message: `These pods are in a forwarding loop: ${loopingPods.join(', ')}.`,
    };
  const found: Judgement | null = asked && {
    status: asked.status,
    reason: asked.reason,
    message: asked.message,
  };
  if (found && asked?.reason === 'LateLoop') return found;
  const message = `${ready} of ${total} DNS pods are ready.`;
  if (ready < total || total === 0) return { status: 'False', reason: 'PodsNotReady', message };
  if (!found) return { status: 'True', reason: 'AllPodsReady', message };
  const before = previous.conditions.find(({ type }) => type === 'Healthy');
  if (asked?.isPending && isNew(asked) && before && HOLDS.includes(before.reason))
    return { status: before.status, reason: before.reason, message: before.message };
  return found;
}

const isNew = ({ lastRound }: AskedFacts): boolean =>
  lastRound === null || lastRound.at - lastRound.firstAt < lastRound.intervalMs;
