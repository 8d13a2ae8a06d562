/** Reads on after a file that cannot be understood: what is wrong with it is collected, because it may be the very cause. */
import { Refused } from '../../api/refused.ts';

/** @returns undefined where it cannot be understood; why not is added to `problems` */
export function unlessRefused<T>(read: () => T, problems: string[] = []): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    problems.push(error.message);
    return undefined;
  }
}
