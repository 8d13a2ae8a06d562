/** Programs that do not outlive the process that starts them, even if that is killed. */

/**
 * The argv of a program that the kernel kills when this process ends. The pid is that of the program.
 * An exit handler would not run when vitest kills a worker, and an operator left over would lead in the next run.
 */
export const endsWithUs = (argv: readonly string[]): readonly [string, readonly string[]] => [
  'setpriv',
  ['--pdeathsig', 'KILL', ...argv],
];
