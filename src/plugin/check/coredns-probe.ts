/** Checks a node with the image of CoreDNS, which lies there already: whether it loops, from its log. */

import { plainLines } from '../../diagnosis/log-lines.ts';
import { findLoopLine } from '../../diagnosis/loop-line.ts';
import { coreDnsPod, QUESTIONS } from './coredns-pod.ts';
import type { Ended } from './pod-state.ts';
import type { Probe, Shown } from './probe.ts';
import { notChecked, type Verdict } from './result.ts';

export const coreDnsProbe = (settings: {
  readonly image: string;
  readonly activeDeadlineSeconds: number;
}): Probe => ({
  program: 'coredns',
  image: settings.image,
  pod: (node) => coreDnsPod({ ...settings, node: node.name }),
  read: async (state, log) => (state.kind === 'ended' ? fromEnd(state) : fromLog(plainLines(await log()))),
});

/** What the plugin `loop` of each server block asks its own process: two random numbers before the zone. */
const QUESTION = String.raw`(\d+\.\d+\.(?:\d\.invalid\.)?)`;
/**
 * The plugin `log` on such a question, once it was forwarded: its name, and the response code, which is SERVFAIL if no
 * upstream answered. Only what came from the process itself counts.
 */
const CAME_BACK = new RegExp(
  `^\\[INFO\\] (?:127\\.0\\.0\\.1|\\[::1\\]):\\d+ - \\d+ "HINFO IN ${QUESTION} [^"]*" ([A-Z]+) `,
);
const CANNOT_RESOLVE = new Set(['SERVFAIL', 'REFUSED']);

function fromLog(lines: readonly string[]): Shown {
  const back = answersIn(lines);
  const answers = back.filter(({ code }) => !CANNOT_RESOLVE.has(code));
  if (wentThroughTwice(answers)) return verdict('may-loop', MIXED);
  if (new Set(back.map(({ question }) => question)).size < QUESTIONS) return null;
  return answers.length > 0
    ? verdict('usable', 'CoreDNS does not loop there, and its upstream answers.')
    : verdict(
        'no-answer',
        `CoreDNS does not loop there, but no upstream answers its questions (${back.at(-1)?.code}).`,
      );
}

interface Answer {
  readonly question: string;
  readonly code: string;
}

const answersIn = (lines: readonly string[]): readonly Answer[] =>
  lines.flatMap((line) => {
    const [, question, code] = CAME_BACK.exec(line) ?? [];
    return question === undefined || code === undefined ? [] : [{ question, code }];
  });

/** The same question twice: it went through this process once more before an upstream had it. */
const wentThroughTwice = (answers: readonly Answer[]): boolean =>
  new Set(answers.map(({ question }) => question)).size < answers.length;

const MIXED =
  'CoreDNS forwards some of its questions to itself there, and others to an upstream: one of its nameservers is a loopback address.';

const NO_SERVERS = /^plugin\/forward: (?:.*: )?(?:no nameservers found|no valid upstream addresses found)/;

function fromEnd({ message, exitCode, reason }: Ended): Shown {
  const loop = findLoopLine(message);
  const lines = plainLines(message);
  if (loop)
    return answersIn(lines).length > 0
      ? verdict('may-loop', `${MIXED} ${loop.line}`)
      : verdict('looping', `CoreDNS loops there: ${loop.line}`);
  if (lines.some((line) => NO_SERVERS.test(line)))
    return verdict('unusable', `CoreDNS cannot start there: ${lines.at(-1)}`);
  const why = lines.at(-1) ?? 'it left no message';
  return notChecked(
    'NoReport',
    `CoreDNS ended with exit code ${exitCode}${reason === undefined ? '' : ` (${reason})`}: ${why}.`,
  );
}

const verdict = (outcome: Verdict['outcome'], message: string): Verdict => ({
  outcome,
  message,
  answers: [],
});
