/** Runs the plugin in this process as a shell would run it: a command line in, an exit code and two texts out. */
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { ProgramIo } from '../../../src/plugin/program.ts';
import { runProgram } from '../../../src/plugin/program.ts';
import { fakeConnection } from './fake-connection.ts';
import { type FakeKube, fakeKube } from './fake-kube.ts';

export interface PluginRun {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

interface Options extends Partial<Omit<ProgramIo, 'stdout' | 'stderr' | 'stdin'>> {
  /** The cluster it connects to. @default one in which nothing is found */
  readonly cluster?: FakeKube;
  /** Instead of the line, where a word is empty. */
  readonly args?: readonly string[];
  /** Standard output and standard error are a terminal. @default false */
  readonly isTTY?: boolean;
  /** What the user types on a terminal; without it standard input is none. */
  readonly typed?: string;
}

/** @param line as in a shell, separated by blanks */
export async function runPlugin(line: string, options: Options = {}): Promise<PluginRun> {
  const {
    cluster = fakeKube(),
    isTTY = false,
    typed,
    args = line.split(' ').filter(Boolean),
    ...io
  } = options;
  const streams = [new PassThrough(), new PassThrough()].map((stream) => Object.assign(stream, { isTTY }));
  const [stdout = new PassThrough(), stderr = new PassThrough()] = streams;
  const printed = Promise.all([text(stdout), text(stderr)]);
  const code = await runProgram(args, {
    stdout,
    stderr,
    stdin: Object.assign(Readable.from(typed === undefined ? [] : [`${typed}\n`]), {
      isTTY: typed !== undefined,
    }),
    env: {},
    signal: new AbortController().signal,
    connect: async () => fakeConnection(cluster),
    ...io,
  });
  stdout.end();
  stderr.end();
  const [out, err] = await printed;
  return { code, out, err };
}
