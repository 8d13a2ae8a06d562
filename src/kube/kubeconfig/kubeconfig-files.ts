/** Finds and merges kubeconfig files as kubectl does, into one that client-node reads the same way. */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import { fileOrData, forClientNode, type User, userSchema } from './kubeconfig-user.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const text = z.string().nullish();
const list = <T extends z.ZodType>(entry: T) => z.array(entry).nullish();
const fileSchema = z.looseObject({
  'current-context': text,
  clusters: list(
    z.looseObject({
      name: z.string(),
      cluster: z.looseObject({ 'certificate-authority': text, 'certificate-authority-data': text }),
    }),
  ),
  users: list(z.looseObject({ name: z.string(), user: userSchema.nullish() })),
  contexts: list(z.looseObject({ name: z.string(), context: z.looseObject({ cluster: text, user: text }) })),
});
type File = z.infer<typeof fileSchema>;

export interface Kubeconfig {
  /** JSON, which is YAML too. */
  readonly text: string;
  readonly users: ReadonlyMap<string, User>;
  /** Where it was read from, for messages. */
  readonly from: string;
}

/** What kubectl takes as --kubeconfig and --context. */
export interface KubeconfigChoice {
  /** The only file to read. @default $KUBECONFIG, or else ~/.kube/config */
  readonly path?: string;
  /** @default the current context */
  readonly context?: string;
}

/**
 * Reads the file at `path`, or else the files that $KUBECONFIG lists, of which some may be missing, or else ~/.kube/config.
 *
 * Not client-node's `loadFromDefault`: it throws where two files have an entry of the same name, takes the last current
 * context where kubectl takes the first, and without any file connects to http://localhost:8080.
 *
 * @throws Error that says which files are missing, or what is wrong with one
 */
export async function readKubeconfig(env: Environment, choice: KubeconfigChoice = {}): Promise<Kubeconfig> {
  const { path, context } = choice;
  if (path !== undefined) return readFiles([path], context, `the file ${path} does not exist or is empty`);
  const listed = (env['KUBECONFIG'] ?? '').split(delimiter).filter((one) => one !== '');
  const paths = listed.length > 0 ? listed : [join(env['HOME'] ?? homedir(), '.kube', 'config')];
  const why =
    listed.length > 0
      ? `the files in $KUBECONFIG (${paths.join(', ')}) do not exist or are empty`
      : `$KUBECONFIG is not set, and the default file (${paths.join('')}) does not exist or is empty`;
  return readFiles(paths, context, why);
}

/** @param whyNone what to say if none of them exists */
async function readFiles(
  paths: readonly string[],
  context: string | undefined,
  whyNone: string,
): Promise<Kubeconfig> {
  const found: { readonly path: string; readonly file: File }[] = [];
  for (const path of paths) {
    const file = await readOne(path);
    if (file) found.push({ path, file });
  }
  if (found.length === 0) throw new Error(`no kubeconfig found: ${whyNone}`);
  const files = found.map(({ file }) => file);
  const from = found.map(({ path }) => path).join(', ');
  const users = first(files.flatMap((file) => file.users ?? []));
  const contexts = first(files.flatMap((file) => file.contexts ?? []));
  if (context !== undefined && !contexts.has(context))
    throw new Error(
      `kubeconfig ${from} has no context "${context}"; it has: ${[...contexts.keys()].join(', ') || 'none'}`,
    );
  return {
    text: JSON.stringify({
      'current-context': context ?? files.map((file) => file['current-context']).find(Boolean) ?? '',
      clusters: [...first(files.flatMap((file) => file.clusters ?? [])).values()],
      contexts: [...contexts.values()],
      users: [...users.values()],
    }),
    users: new Map([...users].map(([name, { user }]) => [name, user ?? {}])),
    from,
  };
}

/** By name; of two entries with the same name the first one wins. */
const first = <T extends { readonly name: string }>(entries: readonly T[]): ReadonlyMap<string, T> =>
  new Map(entries.toReversed().map((entry) => [entry.name, entry]));

/** null if the file does not exist or is empty. */
async function readOne(path: string): Promise<File | null> {
  try {
    const document: unknown = parse(await readFile(path, 'utf8'));
    return document === null ? null : fromFolder(dirname(resolve(path)), fileSchema.parse(document));
  } catch (error) {
    if (error instanceof Error && Reflect.get(error, 'code') === 'ENOENT') return null;
    const why = error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message;
    throw new Error(`invalid kubeconfig ${path}: ${why}`, { cause: error });
  }
}

/** Paths in a kubeconfig are relative to its folder. */
function fromFolder(folder: string, file: File): File {
  return {
    ...file,
    clusters: file.clusters?.map(({ name, cluster }) => ({
      name,
      cluster: { ...cluster, ...fileOrData(cluster, 'certificate-authority', folder) },
    })),
    users: file.users?.map(({ name, user }) => ({ name, user: forClientNode(user ?? {}, folder) })),
  };
}
