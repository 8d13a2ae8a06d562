/** What ends the program early: Ctrl-C, a termination, or a reader that closed the pipe (`| head`). */

/** Exit codes as a shell reports a death by that signal. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;
const READER_GONE = 141;

export interface Stop {
  /** Aborted when the program should clean up and end. */
  readonly signal: AbortSignal;
  /** The exit code if it was ended early. */
  exitCode(): number | undefined;
}

/** @param of the process whose signals and standard output are watched */
export function createStop(of: NodeJS.Process): Stop {
  const controller = new AbortController();
  let exitCode: number | undefined;
  const end = (code: number, why: string): void => {
    exitCode ??= code;
    controller.abort(new Error(why));
  };
  for (const [name, code] of Object.entries(SIGNALS))
    of.on(name, () => {
      // Again, while it cleans up: the user does not want to wait for that.
      if (controller.signal.aborted) of.exit(code);
      end(code, `received ${name}`);
    });
  // Without a listener the error of a closed pipe would be thrown.
  of.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    end(READER_GONE, 'standard output was closed');
  });
  of.stderr.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  return { signal: controller.signal, exitCode: () => exitCode };
}
