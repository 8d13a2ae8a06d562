/** For whom a status is printed: the clock, the terminal, and what is asked for. */
import { shortDuration } from '../terminal/durations.ts';
import type { Output } from '../terminal/output.ts';

export interface View {
  readonly isWide: boolean;
  /** Of the terminal; undefined for a pipe or a file. */
  readonly columns: number | undefined;
  readonly now: number;
  readonly paint: Output['paint'];
}

export const ago = (time: string, now: number): string => `${shortDuration(now - Date.parse(time))} ago`;
