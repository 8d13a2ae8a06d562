/** Options that several verbs with which a person asks for something have. */
import { PluginError } from '../errors.ts';
import { parseDuration } from '../terminal/durations.ts';
import type { OptionSpec, OptionValues } from '../verb.ts';

export const DRY_RUN: OptionSpec = {
  flags: '--dry-run',
  summary: 'let the API server check it, and change nothing',
};
export const REASON: OptionSpec = { flags: '--reason <text>', summary: 'why, in your words; it is recorded' };
export const WAIT: OptionSpec = { flags: '--wait', summary: 'wait for the outcome and show it' };

/** As in the CRDs: of a pause, and of everything else. */
export const MAX_PAUSE_REASON = 256;
export const MAX_REASON = 1024;

/** @throws PluginError if there is none, or if it is too long */
export function reasonOf({ reason }: OptionValues, most: number): string {
  const text = typeof reason === 'string' ? reason.trim() : '';
  if (text === '') throw new PluginError('say why with --reason "...": others will read it');
  if (text.length > most)
    throw new PluginError(`--reason has ${text.length} characters, and at most ${most} are kept`);
  return text;
}

export const textOf = (value: OptionValues[string]): string | undefined =>
  typeof value === 'string' ? value : undefined;

export const TIMEOUT: OptionSpec = {
  flags: '--timeout <time>',
  summary: 'with --wait: how long at most, for example 30s or 10m; 0 waits for ever',
  default: '5m',
};

/** @throws PluginError */
export function timeoutOf({ timeout }: OptionValues): number {
  const ms = parseDuration(String(timeout));
  if (ms === undefined)
    throw new PluginError(`--timeout "${String(timeout)}" is not a duration such as 30s or 10m`);
  return ms;
}
