/** The program: makes commander's commands from the table of verbs, runs one of them, and turns its end into an exit code. */
import { Argument, Command, CommanderError } from 'commander';
import { VERSION } from '../api/version.ts';
import type { Environment } from '../kube/kubeconfig/kubeconfig-files.ts';
import type { Connection, ConnectOptions } from './cluster/connect.ts';
import type { KubeChoice } from './completion/complete.ts';
import { explain, PluginError, sentence } from './errors.ts';
import { commanderOption, GLOBAL_OPTIONS, optionsOf } from './global-options.ts';
import type { Input } from './terminal/confirm.ts';
import { parseDuration } from './terminal/durations.ts';
import { createOutput, type Output, type Stream } from './terminal/output.ts';
import { type Completes, EXIT, type Format, type PluginContext, type Verb } from './verb.ts';
import { VERBS } from './verbs.ts';

export const PROGRAM = 'kubectl dnshealth';
/** Nobody waits longer for a completion. */
const COMPLETION_MS = 2_000;

/** What the program needs of the process. */
export interface ProgramIo {
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly stdin: Input;
  readonly env: Environment;
  readonly signal: AbortSignal;
  /** @default the clock of the machine */
  readonly now?: () => number;
  /** @default a login with a kubeconfig */
  readonly connect?: (options: ConnectOptions) => Promise<Connection>;
  readonly verbs?: readonly Verb[];
}

/** @returns the exit code, when everything is printed and closed */
export async function runProgram(args: readonly string[], io: ProgramIo): Promise<number> {
  const out = createOutput(io.stdout, io.env);
  const err = createOutput(io.stderr, io.env);
  try {
    return await run(args, io, out, err);
  } catch (error) {
    // What fails after Ctrl-C fails because of it.
    if (!io.signal.aborted) err.line(`error: ${explain(error)}`);
    return EXIT.cannot;
  } finally {
    await out.flush();
    await err.flush();
  }
}

async function run(args: readonly string[], io: ProgramIo, out: Output, err: Output): Promise<number> {
  const verbs = io.verbs ?? VERBS;
  // Hidden, and not a verb: the words that follow are anything but options of this program.
  if (args[0] === '__complete') {
    const { complete } = await import('./completion/complete.ts');
    out.write(await complete(args.slice(1), verbs, async (kind, choice) => namesOf(kind, choice, io)));
    return EXIT.well;
  }
  let code: number = EXIT.well;
  const program = createCommands(verbs, out, async (verb, verbArgs, command) => {
    code = await runVerb(verb, verbArgs, command, { io, out, err });
  });
  if (args.length === 0) {
    program.outputHelp();
    return EXIT.well;
  }
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return EXIT.well;
    throw new PluginError(usageError(error.message), { cause: error });
  }
  return code;
}

type RunVerb = (verb: Verb, args: readonly string[], command: Command) => Promise<void>;

export function createCommands(verbs: readonly Verb[], out: Output, runIt: RunVerb): Command {
  const program = new Command(PROGRAM)
    .description(
      'Finds out why cluster DNS fails, shows what the DNS health operator does about it, and proves it.',
    )
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [verb]', 'print the help of a verb')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeOut: out.write, outputError: () => {} })
    .exitOverride();
  for (const option of GLOBAL_OPTIONS) program.addOption(commanderOption(option));
  for (const verb of verbs) addVerb(program, verb, runIt);
  return program;
}

function addVerb(program: Command, verb: Verb, runIt: RunVerb): void {
  const command = program
    .command(verb.name)
    .summary(verb.summary)
    .description(verb.description ?? sentence(verb.summary));
  for (const { name, summary, choices } of verb.arguments) {
    const argument = new Argument(name, summary);
    command.addArgument(choices ? argument.choices(choices) : argument);
  }
  for (const option of optionsOf(verb)) command.addOption(commanderOption(option));
  const examples = verb.examples.map(({ does, command: line }) => `  # ${does}\n  ${PROGRAM} ${line}`);
  command.addHelpText('after', `\nExamples:\n${examples.join('\n\n')}`);
  command.action(async () => runIt(verb, command.args, command));
}

/** In the cluster, or in the kubeconfig. */
async function namesOf(kind: Completes, choice: KubeChoice, io: ProgramIo): Promise<readonly string[]> {
  const { contextNames, namesInCluster } = await import('./completion/names.ts');
  if (kind === 'file') return [];
  if (kind === 'context') return contextNames(io.env, choice);
  const connection = await logIn(io, choice, COMPLETION_MS);
  try {
    return await namesInCluster(
      kind,
      connection,
      AbortSignal.any([io.signal, AbortSignal.timeout(COMPLETION_MS)]),
    );
  } finally {
    await connection.close();
  }
}

async function logIn(io: ProgramIo, choice: KubeChoice, timeoutMs: number): Promise<Connection> {
  // Loaded here, so that what needs no cluster starts without a client of the API.
  const connect = io.connect ?? (await import('./cluster/connect.ts')).connect;
  const { kubeconfig, context } = choice;
  return connect({
    env: io.env,
    ...(kubeconfig === undefined ? {} : { path: kubeconfig }),
    ...(context === undefined ? {} : { context }),
    timeoutMs,
    signal: io.signal,
  });
}

interface Wiring {
  readonly io: ProgramIo;
  readonly out: Output;
  readonly err: Output;
}

async function runVerb(
  verb: Verb,
  args: readonly string[],
  command: Command,
  { io, out, err }: Wiring,
): Promise<number> {
  const { context, kubeconfig, requestTimeout, output, ...options } = command.optsWithGlobals();
  const timeoutMs = parseDuration(requestTimeout);
  if (timeoutMs === undefined)
    throw new PluginError(`--request-timeout "${requestTimeout}" is not a duration such as 5s or 1m`);
  let connection: Promise<Connection> | undefined;
  /** Once the login has succeeded. Where it fails, the verb gets the error. */
  let opened: Connection | undefined;
  const connect = async (): Promise<Connection> =>
    (opened = await logIn(io, { context, kubeconfig }, timeoutMs));
  const pluginContext: PluginContext = {
    out,
    err,
    format: (output as Format | undefined) ?? 'table',
    signal: io.signal,
    env: io.env,
    now: io.now ?? Date.now,
    // Loaded here: few verbs ask.
    confirm: async (question) =>
      (await import('./terminal/confirm.ts')).confirm(io.stdin, err, question, io.signal),
    connect: async () => (connection ??= connect()),
  };
  try {
    return await verb.run(pluginContext, args, options);
  } catch (error) {
    const server = opened?.server;
    throw new PluginError(explain(error, server && `the API server at ${server}`), { cause: error });
  } finally {
    await opened?.close();
  }
}

/** commander's message as one sentence: without its prefix, with its suggestion. */
function usageError(message: string): string {
  return message
    .replace(/^error: /, '')
    .replace(/\n\(Did you mean (.*)\?\)$/s, ': did you mean $1?')
    .replace(/\.$/, '');
}
