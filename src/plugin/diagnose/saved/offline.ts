/** Gathers from saved files: reads them, and decides which fault of a file ends the diagnosis. */
import { PluginError } from '../../errors.ts';
import type { OptionValues } from '../../verb.ts';
import type { Gathered, TakenFile } from '../gathered.ts';
import { type Selection, selectSaved } from '../selection.ts';
import { filesFromDirectory } from './from-directory.ts';
import { filesFromOptions, hasFileOptions } from './from-options.ts';
import { type GatheredSaved, gatherSaved } from './gather-saved.ts';
import { KIND_TEXT } from './saved-file.ts';

/** Whether files were given, so that no cluster is asked. */
export const isOffline = (options: OptionValues): boolean =>
  typeof options['dir'] === 'string' || hasFileOptions(options);

/** @throws PluginError if a file that was named cannot be used, or nothing in the directory can be */
export async function gatherOffline(options: OptionValues, selection: Selection): Promise<Gathered> {
  const { dir } = options;
  const given = await filesFromOptions(options);
  const found = typeof dir === 'string' ? await filesFromDirectory(dir) : { files: [], taken: [] };
  const taken = given.map(({ path, kind }): TakenFile => ({ path, as: KIND_TEXT[kind] }));
  const result = gatherSaved([...given, ...found.files], [...taken, ...found.taken]);
  const named = new Set(given.map(({ path }) => path));
  const fatal = result.problems.find(({ path }) => named.has(path) || typeof dir !== 'string');
  if (fatal) throw new PluginError(`${fatal.path} ${fatal.why}`.trim().replace(/\.$/, ''));
  return selectSaved(withProblems(result), selection);
}

/** In a directory a file that cannot be parsed is one that was not used. */
function withProblems({ gathered, problems }: GatheredSaved): Gathered {
  const why = new Map(problems.map((problem) => [problem.path, problem.why]));
  const files = gathered.files.map((file): TakenFile => {
    const problem = why.get(file.path);
    return problem === undefined ? file : { path: file.path, as: null, why: problem };
  });
  const others = problems
    .filter(({ path }) => path === '')
    .map((problem): TakenFile => ({ path: '', as: null, why: problem.why }));
  return { ...gathered, files: [...files, ...others] };
}
