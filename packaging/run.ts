/** Runs a program to its end; what it printed is in the error if it fails. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

export async function run(
  [program = '', ...args]: readonly string[],
  options: { readonly cwd?: string } = {},
): Promise<{ readonly stdout: string }> {
  return execute(program, args, { ...options, maxBuffer: 2 ** 26 });
}
