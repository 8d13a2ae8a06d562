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
  readonly strace: readonly string[];
}

/** The bus fails at the nth restart: strace cannot find the second one, after an unknown number of polls. */
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

/** A process that is killed at the entry of a call does not make that call. */
export function casesOf({ changes }: TracedRun): readonly CallCase[] {
  return changes.flatMap(({ call, next }, position) =>
    FAULTS.map((fault) => {
      const struck = fault === 'killed after' ? next : call;
      const blow = fault.startsWith('killed') ? 'signal=KILL' : `error=${fault}`;
      const what = `${fault} ${call.signature} (change ${position + 1})`;
      return { kind: 'call', fault, what, struck, strace: strike(struck, blow) };
    }),
  );
}

/** More than there are setups; what fits into two minutes on two cores. */
const EVERY = 12;

/**
 * A different fault of each call for each setup, since setups differ in what is written where, but hardly in how.
 * `FAULTS=all` runs every case.
 */
export function inTurn(cases: readonly CallCase[], turn: number): readonly CallCase[] {
  return cases.filter((_, i) => (i + Math.floor(i / FAULTS.length) + turn) % EVERY === 0);
}
