/** Finds a flag in the kubelet's expanded command line, as pflag parses it: the last one wins. */
import type { Argument } from './command-line.ts';

export interface Flag {
  readonly value: string;
  /** The argument that holds the value, and where in it the value begins. */
  readonly argument: Argument;
  readonly valueStart: number;
}

export function findFlag(args: readonly Argument[], name: string): Flag | undefined {
  let found: Flag | undefined;
  for (const [index, argument] of args.entries()) {
    if (argument.text === '--') break;
    const equals = argument.text.indexOf('=');
    const written = equals < 0 ? argument.text : argument.text.slice(0, equals);
    // The kubelet accepts --resolv_conf for --resolv-conf.
    if (!written.startsWith('--') || written.slice(2).replaceAll('_', '-') !== name) continue;
    if (equals >= 0) {
      found = { value: argument.text.slice(equals + 1), argument, valueStart: equals + 1 };
      continue;
    }
    const next = args[index + 1];
    if (next !== undefined) found = { value: next.text, argument: next, valueStart: 0 };
  }
  return found;
}
