/** What a cause of a crash consists of: how its log line begins, and what to do about it. One file here per cause. */
import type { CrashCause } from '../evidence.ts';
import type { ObjectNames } from '../object-names.ts';

export interface CrashRule {
  readonly cause: CrashCause;
  /**
   * Whether a line shows this cause. A pattern must be anchored at the start of what CoreDNS, Go or the container
   * runtime itself wrote, and match a query name with \S+: white space in a client's name is escaped.
   */
  readonly shows: (line: string) => boolean;
  readonly advice: (facts: AdviceFacts) => string;
}

/** What an advice may depend on. */
export interface AdviceFacts {
  /** The line that showed the cause; the exit code alone shows some causes. */
  readonly line: string | undefined;
  /** Undefined if it could not be read. */
  readonly corefile: string | undefined;
  readonly names: ObjectNames;
}

export const startsLike =
  (...patterns: readonly RegExp[]): CrashRule['shows'] =>
  (line) =>
    patterns.some((pattern) => pattern.test(line));

/** For a cause that only the exit code or the reason shows. */
export const byExitCodeOnly: CrashRule['shows'] = () => false;

/** The plugin `errors` writes this before what went wrong with one query; releases before 1.3 do not name it. */
export const QUERY_ERROR = String.raw`^\[ERROR\] (?:plugin/errors: )?\d+ \S+ \S+: (?:unreachable backend: )?`;

export const DESCRIBE_POD = '`kubectl -n kube-system describe pod POD`, with the name of the pod for POD';
