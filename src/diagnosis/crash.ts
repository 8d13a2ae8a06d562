/** Names the cause of a crash that was not a loop, with the log line that shows it. Its result is advice, never a repair. */
import { apiUnreachable, apiWait } from './crashes/api-unreachable.ts';
import { bindFailed } from './crashes/bind-failed.ts';
import { corefileError } from './crashes/corefile-error.ts';
import type { CrashRule } from './crashes/crash-rule.ts';
import { execLineIn } from './crashes/exec-error.ts';
import { gracefulStop } from './crashes/graceful-stop.ts';
import { lateLoop } from './crashes/late-loop.ts';
import { livenessKill } from './crashes/liveness-kill.ts';
import { logFileError } from './crashes/log-file-error.ts';
import { networkUnreachable } from './crashes/network-unreachable.ts';
import { noLog } from './crashes/no-log.ts';
import { noRouteToHost } from './crashes/no-route-to-host.ts';
import { noUpstream } from './crashes/no-upstream.ts';
import { notPermitted } from './crashes/not-permitted.ts';
import { outOfMemory } from './crashes/out-of-memory.ts';
import { overload } from './crashes/overload.ts';
import { panic } from './crashes/panic.ts';
import { fileLimit, threadLimit } from './crashes/resource-limit.ts';
import { startFailed } from './crashes/start-failed.ts';
import { unknownCrash } from './crashes/unknown-crash.ts';
import { upstreamRefused } from './crashes/upstream-refused.ts';
import { upstreamTimeout } from './crashes/upstream-timeout.ts';
import { wrongArchitecture } from './crashes/wrong-architecture.ts';
import type { CrashCause, CrashDiagnosis, Death, Evidence } from './evidence.ts';
import { plainLines } from './log-lines.ts';
import { namesIn } from './object-names.ts';

/**
 * What ended the process, in this order: the first rule that matches any line counts, with the last such line. What Go
 * also calls a panic or a fatal error, but is none of CoreDNS's faults, comes before Panic, and what a plugin says about
 * more than the Corefile before CorefileError.
 */
const ENDINGS: readonly CrashRule[] = [
  wrongArchitecture,
  notPermitted,
  startFailed,
  outOfMemory,
  threadLimit,
  overload,
  panic,
  logFileError,
  bindFailed,
  noUpstream,
  apiUnreachable,
  corefileError,
  gracefulStop,
];

/** What CoreDNS complained of while it ran. It counts only if no line says what ended the process. */
const COMPLAINTS: readonly CrashRule[] = [
  lateLoop,
  fileLimit,
  apiWait,
  networkUnreachable,
  noRouteToHost,
  upstreamRefused,
  upstreamTimeout,
];

const RUNNING: readonly CrashRule[] = COMPLAINTS.filter((rule) => rule !== lateLoop);

type CrashContext = Pick<Evidence, 'corefile' | 'configMap' | 'workload'>;

/** What may be behind a kill from outside. */
const BEFORE_A_KILL: readonly CrashRule[] = [overload, lateLoop];

const SIGKILLED = 137;
const SIGTERMED = 143;
/** What the runtime reports for a container whose process was gone when the runtime started again. */
const LOST = { exitCode: 255, reason: 'Unknown' };
const START_FAILURES: readonly string[] = ['StartError', 'ContainerCannotRun'];

/** The container never ran, so it has no log. */
export const isStartFailure = ({ reason }: Pick<Death, 'reason'>): boolean => START_FAILURES.includes(reason);

/** The container was lost in a restart of its node. That is known without a log, which may not have survived either. */
export const isNodeRestart = ({ exitCode, reason }: Pick<Death, 'exitCode' | 'reason'>): boolean =>
  exitCode === LOST.exitCode && reason === LOST.reason;

/** What is known beside the log only improves the advice. */
export function classifyCrash(death: Death, log: string, context: CrashContext = {}): CrashDiagnosis {
  if (isNodeRestart(death)) return NODE_RESTARTED;
  const lines = plainLines(log);
  const lastLine = ({ shows }: CrashRule) => lines.findLast(shows);
  const crash = (rule: CrashRule, line: string | undefined) => diagnosis(rule, death, line, context);
  const find = (rules: readonly CrashRule[]) => {
    for (const rule of rules) {
      const line = lastLine(rule);
      if (line !== undefined) return crash(rule, line);
    }
    return null;
  };

  if (death.reason === 'OOMKilled') return crash(outOfMemory, lastLine(lateLoop));
  if (isStartFailure(death)) {
    const { message } = death;
    if (message === undefined) return crash(startFailed, lines.at(-1));
    const line = execLineIn(message);
    return crash([wrongArchitecture, notPermitted].find(({ shows }) => shows(line)) ?? startFailed, message);
  }
  if (death.exitCode === 0 || death.exitCode === SIGTERMED)
    return crash(gracefulStop, lastLine(gracefulStop));
  if (death.exitCode === SIGKILLED) return find(BEFORE_A_KILL) ?? crash(livenessKill, lines.at(-1));
  return find(ENDINGS) ?? find(COMPLAINTS) ?? crash(unknownCrash, lines.at(-1));
}

export interface Complaint {
  readonly cause: CrashCause;
  readonly line: string;
  readonly advice: string;
}

/** The last complaint of a CoreDNS that runs. Not that of a late loop, which takes more than a line to be told. */
export function complaintIn(lines: readonly string[], context: CrashContext = {}): Complaint | null {
  const shown = lines.findLast((line) => RUNNING.some(({ shows }) => shows(line)));
  const rule = shown === undefined ? undefined : RUNNING.find(({ shows }) => shows(shown));
  if (shown === undefined || !rule) return null;
  const advice = rule.advice({ line: shown, corefile: context.corefile, names: namesIn(context) });
  return { cause: rule.cause, line: shown.slice(0, MAX_LINE), advice };
}

/** The line that shows a cause. */
export function crashLine(cause: CrashCause, lines: readonly string[]): string | undefined {
  const rules = [...ENDINGS, ...COMPLAINTS].filter((rule) => rule.cause === cause);
  return lines.findLast((line) => rules.some(({ shows }) => shows(line)));
}

/** Of a container whose log cannot be read. Some causes are known without. */
export function crashWithoutLog(death: Death): CrashDiagnosis {
  const crash = classifyCrash(death, '');
  if (crash.cause !== 'UnknownCrash') return crash;
  return {
    ...diagnosis(noLog, death, undefined, {}),
    message: `${howItEnded(death)}. Its log cannot be read.`,
  };
}

const NODE_RESTARTED: CrashDiagnosis = {
  kind: 'crash',
  cause: 'NodeRestarted',
  message: `The container ended with the node's restart (exit code ${LOST.exitCode}, reason ${LOST.reason}).`,
  remedy: { kind: 'none' },
};

/** An event has room for this much of a log line. */
const MAX_LINE = 300;

function diagnosis(
  { cause, advice }: CrashRule,
  death: Death,
  line: string | undefined,
  context: CrashContext,
): CrashDiagnosis {
  const how = howItEnded(death);
  return {
    kind: 'crash',
    cause,
    message: line === undefined ? `${how}. The log gives no reason.` : `${how}: ${line.slice(0, MAX_LINE)}`,
    remedy: { kind: 'advice', advice: advice({ line, corefile: context.corefile, names: namesIn(context) }) },
  };
}

const howItEnded = ({ exitCode, reason }: Death): string =>
  `The container ended with exit code ${exitCode}${reason ? ` (${reason})` : ''}`;
