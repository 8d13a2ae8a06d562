/** Derives the cases from the calls of a good run: killed before and after each call, and each call failing in five ways. */
import { BUS_FAULTS, type BusFault } from './stand-in-systemd.ts';
import { strike, type TracedCall, type TracedRun } from './traced-calls.ts';

/** What strace does to the process at one call. */
export const FAULTS = ['killed before', 'killed after', 'ENOSPC', 'EROFS', 'EACCES', 'EIO', 'EBUSY'] as const;
export type Fault = (typeof FAULTS)[number];

export interface CallCase {
  readonly kind: 'call';
  readonly fault: Fault;
  readonly what: string;
  /** The call that is struck: for "killed after" the next one, at its entry. */
  readonly struck: TracedCall;
}

/** The bus fails at the nth restart: strace cannot find that call, after an unknown number of polls. */
export interface BusCase {
  readonly kind: 'bus';
  readonly fault: BusFault;
  readonly what: string;
  readonly nth: number;
}

export type FaultCase = CallCase | BusCase;

export const busCases = (restarts: number): readonly BusCase[] =>
  Array.from({ length: restarts }, (_, i) => i + 1).flatMap((nth) =>
    BUS_FAULTS.map(
      (fault) => ({ kind: 'bus', fault, nth, what: `the bus ${fault} at restart ${nth}` }) as const,
    ),
  );

/**
 * Where to aim in turn. A call that names no path is the nth of its name, and n depends on how often a nameserver was
 * asked before it.
 */
const OFFSETS = [0, 1, -1, 2, -2, 3, -3, 4, -4];
export const AIMS = OFFSETS.length;

/** The arguments of strace for the nth aim at the call of a case. */
export function straceOf({ fault, struck }: CallCase, aim: number): readonly string[] {
  const blow = fault.startsWith('killed') ? 'signal=KILL' : `error=${fault}`;
  const offset = struck.paths === undefined ? (OFFSETS[aim] ?? 0) : 0;
  return strike({ ...struck, when: Math.max(1, struck.when + offset) }, blow);
}

/** A process that is killed at the entry of a call does not make that call. */
export function casesOf({ changes }: TracedRun): readonly CallCase[] {
  return changes.flatMap(({ call, next }, position) =>
    FAULTS.map((fault) => {
      const struck = fault === 'killed after' ? next : call;
      const what = `${fault} ${call.signature} (change ${position + 1})`;
      return { kind: 'call', fault, what, struck };
    }),
  );
}

/**
 * More than there are setups; what fits into five minutes on two cores. Odd, because the numbers that it divides leave
 * out every eighth: a divisor of 16 would leave some setups without a case.
 */
const EVERY = 19;

/**
 * A different fault of each call for each setup, since setups differ in what is written where, but hardly in how.
 * `FAULTS=all` runs every case.
 */
export function inTurn(cases: readonly CallCase[], turn: number): readonly CallCase[] {
  return cases.filter((_, i) => (i + Math.floor(i / FAULTS.length) + turn) % EVERY === 0);
}
