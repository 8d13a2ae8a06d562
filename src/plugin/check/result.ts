/** What came of one node, and what all of them mean for the exit code. */
import type { CheckReport } from '../../api/agent-protocol.ts';
import { EXIT, type ExitCode } from '../verb.ts';

/** What a new pod on the node was given. The names are an interface: scripts read them with `-o json`. */
export interface Verdict {
  readonly outcome: CheckReport['outcome'];
  /** Why, in a sentence. */
  readonly message: string;
  /** Absent where CoreDNS itself was asked: it does not say what it was given. */
  readonly resolvConf?: CheckReport['resolvConf'];
  readonly answers: CheckReport['answers'];
}

/**
 * - `NodeMissing`, `NodeNotReady`, `NotLinux`: no pod was started there
 * - `Refused`: the API server did not admit the pod: a webhook, a policy, its Pod Security level, a quota
 * - `Rejected`: the kubelet did not start it: no room, for example
 * - `ImageMissing`: the image is not on the node and cannot be pulled
 * - `Deleted`: the pod or the node was deleted in the meantime
 * - `TimedOut`, `NoReport`: it started, and said nothing
 */
export type NotCheckedReason =
  | 'NodeMissing'
  | 'NodeNotReady'
  | 'NotLinux'
  | 'Refused'
  | 'Rejected'
  | 'ImageMissing'
  | 'Deleted'
  | 'TimedOut'
  | 'NoReport';

export interface NotChecked {
  readonly kind: 'not-checked';
  readonly reason: NotCheckedReason;
  readonly message: string;
}

export type Outcome = ({ readonly kind: 'checked' } & Verdict) | NotChecked;
export type NodeResult = { readonly node: string } & Outcome;

export const notChecked = (reason: NotCheckedReason, message: string): NotChecked => ({
  kind: 'not-checked',
  reason,
  message,
});

/** Ends with one full stop; what others wrote may have one already. */
export const asSentence = (text: string): string => (text.endsWith('.') ? text : `${text}.`);

export const isFault = (result: Outcome): boolean => result.kind === 'checked' && result.outcome !== 'usable';

/** A node that could not be checked is not a fault, but neither is all well then. */
export function exitCodeOf(results: readonly Outcome[]): ExitCode {
  if (results.some(isFault)) return EXIT.fault;
  return results.some(({ kind }) => kind === 'not-checked') ? EXIT.cannot : EXIT.well;
}
