/** The command and the environment of the image, run with the files in dist/: for tests and benchmarks of the operator as shipped. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = new URL('../../../', import.meta.url);

const dockerfile = readFileSync(new URL('Dockerfile', ROOT), 'utf8');

/** Program and arguments of ENTRYPOINT and CMD. */
export function imageCommand(): readonly string[] {
  return ['ENTRYPOINT', 'CMD'].flatMap((word) => {
    const list = new RegExp(`^${word} (\\[.*\\])$`, 'm').exec(dockerfile)?.[1];
    if (list === undefined) throw new Error(`the Dockerfile has no ${word} in exec form`);
    const words: readonly string[] = JSON.parse(list);
    return words.map(onThisMachine);
  });
}

/** The variables of ENV. */
export function imageEnv(): Readonly<Record<string, string>> {
  const lines = [...dockerfile.matchAll(/^ENV (.*)$/gm)].map(([, line = '']) => line);
  const variables = lines.flatMap((line) => line.split(' ').map((one) => one.split('=')));
  if (variables.some((pair) => pair.length !== 2))
    throw new Error('the Dockerfile has an ENV that is not NAME=VALUE');
  return Object.fromEntries(variables);
}

/** The flags for Node itself. */
export const imageNodeFlags = (): readonly string[] => imageCommand().filter((word) => word.startsWith('--'));

function onThisMachine(word: string): string {
  if (word === '/usr/local/bin/node') return fileURLToPath(new URL('dist/bin/node', ROOT));
  if (word.startsWith('/app/')) return fileURLToPath(new URL(`dist${word}`, ROOT));
  return word;
}
