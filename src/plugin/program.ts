/** The program: makes commander's commands from the table of verbs, runs one of them, and turns its end into an exit code. */
import { Argument, Command, CommanderError, Option } from 'commander';
import type { Environment } from '../kube/kubeconfig/kubeconfig-files.ts';
import type { Connection, ConnectOptions } from './connect.ts';
import { parseDuration } from './durations.ts';
import { explain, PluginError } from './errors.ts';
import { createOutput, type Output, type Stream } from './output.ts';
import { EXIT, type Format, type PluginContext, type Verb } from './verb.ts';
import { VERBS } from './verbs.ts';

export const PROGRAM = 'kubectl dnshealth';
export const PLUGIN_VERSION = '0.1.0';
const REQUEST_TIMEOUT = '10s';

/** What the program needs of the process. */
export interface ProgramIo {
  readonly stdout: Stream;
  readonly stderr: Stream;
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
  let code: number = EXIT.well;
  const program = createCommands(io.verbs ?? VERBS, out, async (verb, verbArgs, command) => {
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
    .version(PLUGIN_VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [verb]', 'print the help of a verb')
    .option('--context <name>', 'context of the kubeconfig to use')
    .option('--kubeconfig <file>', 'kubeconfig to use instead of $KUBECONFIG or ~/.kube/config')
    .option(
      '--request-timeout <time>',
      'how long to wait for an answer of the API server: 5s, 1m; 0 waits for ever',
      REQUEST_TIMEOUT,
    )
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeOut: out.write, outputError: () => {} })
    .exitOverride();
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
  for (const spec of verb.options) {
    const option = new Option(spec.flags, spec.summary);
    if (spec.choices) option.choices(spec.choices);
    command.addOption(spec.default === undefined ? option : option.default(spec.default));
  }
  if (verb.formats.length > 0)
    command.addOption(
      new Option('-o, --output <format>', 'how to print').choices(verb.formats).default(verb.formats[0]),
    );
  const examples = verb.examples.map(({ does, command: line }) => `  # ${does}\n  ${PROGRAM} ${line}`);
  command.addHelpText('after', `\nExamples:\n${examples.join('\n\n')}`);
  command.action(async () => runIt(verb, command.args, command));
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
  const connect = async (): Promise<Connection> => {
    // Loaded here, so that what needs no cluster starts without a client of the API.
    const logIn = io.connect ?? (await import('./connect.ts')).connect;
    return logIn({ env: io.env, path: kubeconfig, context, timeoutMs, signal: io.signal });
  };
  const pluginContext: PluginContext = {
    out,
    err,
    format: (output as Format | undefined) ?? 'table',
    signal: io.signal,
    env: io.env,
    now: io.now ?? Date.now,
    connect: async () => (connection ??= connect()),
  };
  try {
    return await verb.run(pluginContext, args, options);
  } catch (error) {
    const server = (await connection?.catch(() => undefined))?.server;
    throw new PluginError(explain(error, server && `the API server at ${server}`), { cause: error });
  } finally {
    await (await connection?.catch(() => undefined))?.close();
  }
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

/** commander's message as one sentence: without its prefix, with its suggestion. */
function usageError(message: string): string {
  return message
    .replace(/^error: /, '')
    .replace(/\n\(Did you mean (.*)\?\)$/s, ': did you mean $1?')
    .replace(/\.$/, '');
}
