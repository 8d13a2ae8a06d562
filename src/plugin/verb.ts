/** What a verb of the plugin declares, and what it is given when it runs. */
import type { Environment } from '../kube/kubeconfig/kubeconfig-files.ts';
import type { Connection } from './cluster/connect.ts';
import type { Output } from './terminal/output.ts';

/** For scripts. A program that was ended early has other codes: see `stop.ts`. */
export const EXIT = {
  /** All is well, or there was nothing to judge. */
  well: 0,
  /** A fault was found. */
  fault: 1,
  /** The command could not do its work; the error says why. */
  cannot: 2,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** What a word on the command line may be, for completion. `file` is left to the shell. */
export type Completes =
  | 'node'
  | 'policy'
  | 'remediation'
  /** Those in a phase in which the verb has something to do. */
  | 'remediation-to-approve'
  | 'remediation-to-acknowledge'
  | 'remediation-to-roll-back'
  | 'dns-pod'
  | 'context'
  | 'file';

export interface ArgumentSpec {
  /** As commander reads it: "<node>" is required, "[node]" optional, "[node...]" a list. */
  readonly name: string;
  readonly summary: string;
  readonly completes?: Completes;
  readonly choices?: readonly string[];
}

export interface OptionSpec {
  /** As commander reads them: "-w, --watch", "--node <name>", "--log <file...>". */
  readonly flags: string;
  readonly summary: string;
  readonly choices?: readonly string[];
  readonly default?: string;
  readonly completes?: Completes;
}

/** By the long name in camel case: `--resolv-conf <file>` is `resolvConf`. */
export type OptionValues = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

interface Example {
  readonly does: string;
  /** What follows `kubectl dnshealth`. */
  readonly command: string;
}

/** The values of `--output`; the first one is the default. */
export type Format = 'table' | 'wide' | 'json' | 'yaml' | 'html' | 'md';
/** Of verbs that print objects. */
export const FORMATS = ['table', 'wide', 'json', 'yaml'] as const satisfies readonly Format[];

/**
 * A verb of the plugin. Its module is loaded with the table of verbs, so it declares only; `run` imports the code behind
 * it, so that help, completion and offline verbs never load a client of the API.
 */
export interface Verb {
  readonly name: string;
  /** One line, without a full stop. */
  readonly summary: string;
  /** More than that, for the help of the verb: full sentences. */
  readonly description?: string;
  readonly arguments: readonly ArgumentSpec[];
  readonly options: readonly OptionSpec[];
  /** Empty: it has no `--output`. */
  readonly formats: readonly Format[];
  readonly examples: readonly [Example, Example, ...Example[]];
  run(context: PluginContext, args: readonly string[], options: OptionValues): Promise<ExitCode>;
}

export interface PluginContext {
  readonly out: Output;
  readonly err: Output;
  readonly format: Format;
  /** Aborted by Ctrl-C and the like: clean up and return. */
  readonly signal: AbortSignal;
  readonly env: Environment;
  /** Epoch milliseconds. */
  now(): number;
  /** Asks on the terminal. @throws PluginError where there is none */
  confirm(question: string): Promise<boolean>;
  /**
   * Logs in to the cluster; the same connection each time. It is closed when the verb has ended.
   * @throws PluginError
   */
  connect(): Promise<Connection>;
}
