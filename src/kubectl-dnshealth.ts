#!/usr/bin/env node
/** Entry point of the kubectl plugin: hands the command line and this process to the program, and ends as that says. */
import { runProgram } from './plugin/program.ts';
import { createStop } from './plugin/stop.ts';

const stop = createStop(process);
const code = await runProgram(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: process.stdin,
  env: process.env,
  signal: stop.signal,
});
// An explicit exit: a connection that lingers would keep the process alive. What was printed is in the pipe by then.
process.exit(stop.exitCode() ?? code);
