/** The command and the environment of the image, run with the files in dist/: for tests and benchmarks of the operator as shipped. */
import { fileURLToPath } from 'node:url';
import { imageConfig } from '../../../packaging/image/image-config.ts';

const ROOT = new URL('../../../', import.meta.url);

const { Entrypoint, Cmd, Env } = imageConfig();

/** Program and arguments. */
export const imageCommand = (): readonly string[] => [...Entrypoint, ...Cmd].map(onThisMachine);

/** The variables of the image. */
export const imageEnv = (): Readonly<Record<string, string>> =>
  Object.fromEntries(Env.map((variable) => variable.split('=') as [string, string]));

/** The flags for Node itself. */
export const imageNodeFlags = (): readonly string[] => imageCommand().filter((word) => word.startsWith('--'));

function onThisMachine(word: string): string {
  if (word === '/usr/local/bin/node') return fileURLToPath(new URL('dist/bin/node', ROOT));
  if (word.startsWith('/app/')) return fileURLToPath(new URL(`dist${word}`, ROOT));
  return word;
}
