/** The state of a check's pod in the words of this verb: it waits, it runs, it ended, or it will never start. */
import type { V1Pod } from '@kubernetes/client-node';
import { asSentence, type NotChecked, notChecked } from './result.ts';

export interface Ended {
  readonly kind: 'ended';
  readonly exitCode: number;
  readonly reason?: string;
  /** The container's termination message. */
  readonly message: string;
}
export type PodState =
  /** `why`, as the kubelet gives it; null if it gives no reason. */
  | { readonly kind: 'waiting'; readonly why: string | null }
  | { readonly kind: 'running' }
  | Ended
  | { readonly kind: 'never'; readonly because: NotChecked };

/** Reasons of a container that waits for an image it will not get by waiting. */
const WITHOUT_IMAGE = new Set(['ErrImagePull', 'ImagePullBackOff', 'ErrImageNeverPull', 'InvalidImageName']);
const WITHOUT_CONTAINER = new Set([
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
]);
/** Reasons with which the runtime reports that the program never ran. */
const NEVER_RAN = new Set(['StartError', 'ContainerCannotRun']);

/** The pod has one container. */
export function stateOf({ status }: V1Pod): PodState {
  const { waiting, running, terminated } = status?.containerStatuses?.[0]?.state ?? {};
  if (terminated) {
    const { exitCode, reason, message = '' } = terminated;
    if (reason !== undefined && NEVER_RAN.has(reason)) return never('Rejected', `${reason}: ${message}`);
    return { kind: 'ended', exitCode, message, ...(reason === undefined ? {} : { reason }) };
  }
  if (running) return { kind: 'running' };
  const said = [waiting?.reason, waiting?.message].filter(Boolean).join(': ');
  if (waiting?.reason !== undefined) {
    if (WITHOUT_IMAGE.has(waiting.reason)) return never('ImageMissing', said);
    if (WITHOUT_CONTAINER.has(waiting.reason)) return never('Rejected', said);
  }
  // The kubelet rejected or evicted it before its container ran.
  if (status?.phase === 'Failed')
    return never('Rejected', [status.reason, status.message].filter(Boolean).join(': ') || 'the pod failed');
  return { kind: 'waiting', why: waiting?.reason === 'ContainerCreating' ? null : said || null };
}

const never = (reason: 'ImageMissing' | 'Rejected', why: string): PodState => ({
  kind: 'never',
  because: notChecked(
    reason,
    asSentence(reason === 'ImageMissing' ? `The image cannot be pulled: ${why}` : why),
  ),
});
