/** What DNS answered before the change: a failure that was there before cannot convict the repair. */
import type { Answer } from '../../api/answer.ts';
import type { RemediationStatus } from '../../api/remediation.ts';
import type { Trigger } from '../../api/trigger.ts';
import type { ProbedPod } from '../verdict.ts';
import type { World } from '../world.ts';
import { serves } from './serving.ts';
import { askable } from './whom-to-ask.ts';

/**
 * The DNS pod to ask before the change: one that serves, rather on another node; null if none does. Where pods loop
 * without crashing, only one that is known to answer: what another one lacks may be the very fault that is repaired.
 */
export function podToAskBefore(world: World, trigger: Trigger, now: number): ProbedPod | null {
  const here = world.node?.name;
  const [first] = world.dnsPods
    .filter((pod) => serves(pod, now) && !pod.isNodeLocal && (trigger !== 'LateLoop' || pod.answers === true))
    .flatMap((pod) => askable(pod) ?? [])
    .toSorted((a, b) => Number(a.node === here) - Number(b.node === here) || (a.name < b.name ? -1 : 1));
  return first ?? null;
}

/** The external name was not answered over this protocol before the change either. */
export function failedBefore({ before }: RemediationStatus, answer: Answer): boolean {
  return !answer.ok && isExternal(answer) && failedExternally(before?.answers ?? [], answer.protocol);
}

/** No DNS pod resolved the external name before the change, over any protocol. */
export function wasCutOffBefore({ before }: RemediationStatus): boolean {
  const external = before?.answers.filter(isExternal) ?? [];
  return external.length > 0 && external.every(({ ok }) => !ok);
}

const isExternal = ({ scope }: Answer): boolean => scope === 'External';
const failedExternally = (answers: readonly Answer[], protocol: Answer['protocol']): boolean =>
  answers.some((one) => isExternal(one) && one.protocol === protocol && !one.ok);
