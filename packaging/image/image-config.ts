/** The configuration of the image, read from the last stage of the Dockerfile, so that both ways to build it give the same. */
import { readFileSync } from 'node:fs';

/** As the OCI image specification names the fields. */
export interface ImageConfig {
  readonly User: string;
  readonly ExposedPorts: Readonly<Record<string, object>>;
  readonly Env: readonly string[];
  readonly Entrypoint: readonly string[];
  readonly Cmd: readonly string[];
  readonly WorkingDir: string;
  readonly Labels: Readonly<Record<string, string>>;
}

const DOCKERFILE = new URL('../../Dockerfile', import.meta.url);

/** @throws Error if an instruction of the last stage is not understood: it would be missing in the image */
export function imageConfig(dockerfile = readFileSync(DOCKERFILE, 'utf8')): ImageConfig {
  const lines = dockerfile
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'));
  const stage = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM ')) + 1);
  const found = new Map<string, string>();
  for (const line of stage) {
    const [, instruction = '', rest = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    if (!KNOWN.includes(instruction))
      throw new Error(`the Dockerfile has an instruction that is not understood: ${line}`);
    if (instruction !== 'COPY' && found.has(instruction))
      throw new Error(`the last stage of the Dockerfile has ${instruction} twice`);
    found.set(instruction, rest);
  }
  const value = (instruction: string): string => {
    const rest = found.get(instruction);
    if (rest === undefined) throw new Error(`the last stage of the Dockerfile has no ${instruction}`);
    return rest;
  };
  return {
    User: value('USER'),
    ExposedPorts: { [`${value('EXPOSE')}/tcp`]: {} },
    Env: pairs(value('ENV')).map(([key, text]) => `${key}=${text}`),
    Entrypoint: words(value('ENTRYPOINT')),
    Cmd: words(value('CMD')),
    WorkingDir: value('WORKDIR'),
    Labels: Object.fromEntries(pairs(value('LABEL'))),
  };
}

const KNOWN = ['COPY', 'WORKDIR', 'ENV', 'USER', 'EXPOSE', 'LABEL', 'ENTRYPOINT', 'CMD'];

const words = (list: string): readonly string[] => JSON.parse(list);

/** NAME=VALUE or NAME="some words", as often as wanted. */
function pairs(text: string): readonly (readonly [string, string])[] {
  const found = [...text.matchAll(/([^\s=]+)=(?:"([^"]*)"|(\S+))(?:\s+|$)/g)];
  if (found.map(([all]) => all).join('') !== text) throw new Error(`not NAME=VALUE: ${text}`);
  return found.map(([, key = '', quoted, bare]) => [key, quoted ?? bare ?? ''] as const);
}
