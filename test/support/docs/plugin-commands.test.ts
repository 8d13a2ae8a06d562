/** Every command of the plugin in the pages is one that it understands: verb, arguments and options. */
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createCommands } from '../../../src/plugin/program.ts';
import { createOutput } from '../../../src/plugin/terminal/output.ts';
import { VERBS } from '../../../src/plugin/verbs.ts';
import { PAGES, pluginCommandsOf } from './pages.ts';

/** What a shell makes of it, up to a pipe, a redirection or a comment. */
function wordsOf(command: string): readonly string[] {
  const words = [...command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([whole, ...quoted]) => ({
    whole,
    word: quoted.find((part) => part !== undefined) ?? '',
  }));
  const end = words.findIndex(({ whole }) => /^([>|&#]|2>|\\$)/.test(whole));
  return words.slice(0, end === -1 ? undefined : end).map(({ word }) => word);
}

async function understood(words: readonly string[]): Promise<string> {
  const silent = createOutput(new PassThrough(), {});
  try {
    await createCommands(VERBS, silent, async () => {}).parseAsync([...words], { from: 'user' });
    return 'understood';
  } catch (error) {
    return String(error);
  }
}

const withCommands = PAGES.filter((page) => pluginCommandsOf(page).length > 0);

describe.each(withCommands)('%s', (page) => {
  it.each([...new Set(pluginCommandsOf(page))])('kubectl dnshealth %s', async (command) => {
    expect(await understood(wordsOf(command))).toBe('understood');
  });
});
