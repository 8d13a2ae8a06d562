/** The death that a saved log shows, where nothing else is known of the container. */
import type { Death } from '../evidence.ts';
import { plainLines } from '../log-lines.ts';
import { findLoopLine } from '../loop-line.ts';

/** The loop plugin ends the process right after this line, with exit code 1. */
const FATAL = /^\[FATAL\] /;
/** What CoreDNS writes on its way out, without a level: `Listen: listen tcp :53: bind: …`, `plugin/forward: …`. */
const EXIT = /^(?:Listen: |plugin\/\w+: |panic: |fatal error: |exec |loading Caddyfile|\S+:\d+ - )/;

/** Undefined if the container has not died, or the log does not show that it has. */
export function deathOf(known: Death | undefined, log: string | undefined): Death | undefined {
  if (known || log === undefined) return known;
  const ended = findLoopLine(log) !== null || EXIT.test(plainLines(log).at(-1) ?? '');
  if (!ended) return undefined;
  return { exitCode: 1, reason: 'Error', startedAt: 0, finishedAt: logSpanMs(log) ?? 0 };
}

/** Cut off before the part that names the zone. Only the loop plugin begins a line like this. */
export const isTruncatedLoop = (line: string): boolean =>
  FATAL.test(line) && /^\[FATAL\] plugin\/loop: (?:L|F|S)/.test(line);

/** RFC 3339, or Go's date of releases before 1.2.6. */
const TIME = /\b(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d:\d\d:\d\d(?:\.\d{1,3})?)/;

/** From the first to the last line that has a time. Undefined if there are no two. */
export function logSpanMs(log: string): number | undefined {
  const times = log.split('\n').flatMap((line) => {
    const [, year, month, day, time] = TIME.exec(line.slice(0, 80)) ?? [];
    return time === undefined ? [] : [Date.parse(`${year}-${month}-${day}T${time}Z`)];
  });
  const [first, last] = [times[0], times.at(-1)];
  return first === undefined || last === undefined || times.length < 2
    ? undefined
    : Math.max(0, last - first);
}
