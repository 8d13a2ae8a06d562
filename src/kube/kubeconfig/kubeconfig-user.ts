/** A user of a kubeconfig, adapted where client-node would read it differently from kubectl. */
import { resolve } from 'node:path';
import * as z from 'zod';

const text = z.string().nullish();
const execSchema = z.looseObject({
  apiVersion: text,
  command: z.string(),
  env: z.array(z.object({ name: z.string(), value: z.string() })).nullish(),
  installHint: text,
});
export const userSchema = z.looseObject({
  'client-certificate': text,
  'client-certificate-data': text,
  'client-key': text,
  'client-key-data': text,
  token: text,
  tokenFile: text,
  exec: execSchema.nullish(),
});
export type User = z.infer<typeof userSchema>;

/** Impersonation that client-node ignores, so that the calls would run with other permissions. */
const UNSUPPORTED = ['as-uid', 'as-groups', 'as-user-extra'];

export const unsupportedFields = (user: User): readonly string[] =>
  UNSUPPORTED.filter((field) => user[field] !== undefined && user[field] !== null);

/** @param folder of the kubeconfig, to which its paths are relative */
export function forClientNode(user: User, folder: string): User {
  const { token, tokenFile, exec, ...rest } = user;
  return {
    ...rest,
    ...fileOrData(user, 'client-certificate', folder),
    ...fileOrData(user, 'client-key', folder),
    // client-node reads a token file only as an auth provider. As for kubectl, the file wins over a token.
    ...(tokenFile
      ? { 'auth-provider': { name: 'tokenFile', config: { tokenFile: resolve(folder, tokenFile) } } }
      : { token }),
    ...(exec ? { exec: withExecInfo(exec, folder) } : {}),
  };
}

/** For kubectl the embedded data wins over the file; client-node would read the file. */
export function fileOrData(
  entry: Readonly<Record<string, unknown>>,
  key: 'certificate-authority' | 'client-certificate' | 'client-key',
  folder: string,
): Readonly<Record<string, string | undefined>> {
  const file = entry[key];
  return { [key]: typeof file === 'string' && !entry[`${key}-data`] ? resolve(folder, file) : undefined };
}

/** What kubectl does for a plugin and client-node does not: a path relative to the kubeconfig, and the expected version. */
function withExecInfo(exec: z.infer<typeof execSchema>, folder: string): z.infer<typeof execSchema> {
  const info = { apiVersion: exec.apiVersion, kind: 'ExecCredential', spec: { interactive: false } };
  return {
    ...exec,
    command: exec.command.includes('/') ? resolve(folder, exec.command) : exec.command,
    env: [...(exec.env ?? []), { name: 'KUBERNETES_EXEC_INFO', value: JSON.stringify(info) }],
  };
}
