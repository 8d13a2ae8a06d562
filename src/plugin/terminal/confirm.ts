/** Asks a yes-or-no question on the terminal; anything but yes is no. */
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { PluginError } from '../errors.ts';
import type { Output } from './output.ts';

export type Input = Readable & { readonly isTTY?: boolean };

/** @throws PluginError where nobody can be asked */
export async function confirm(
  input: Input,
  out: Output,
  question: string,
  signal: AbortSignal,
): Promise<boolean> {
  if (input.isTTY !== true)
    throw new PluginError('there is no terminal to ask for confirmation; --yes answers the question');
  out.write(`${question} [y/N] `);
  // Closed by Ctrl-D, and by the signal.
  for await (const answer of createInterface({ input, signal })) return /^\s*y(?:es)?\s*$/i.test(answer);
  return false;
}
