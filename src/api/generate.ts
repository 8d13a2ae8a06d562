/** `npm run generate`: writes `crds/` from the schemas. With `--check` it only reports files that are out of date. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { type CustomResourceDefinition, customResourceDefinitions } from './crd.ts';

const ROOT = new URL('../../', import.meta.url);
const CRDS = new URL('crds/', ROOT);

export interface GeneratedFile {
  readonly url: URL;
  readonly text: string;
}

/** Exported for the test that compares `crds/` with the schemas. */
export function crdFiles(): readonly GeneratedFile[] {
  return customResourceDefinitions.map((crd) => ({
    url: new URL(`${crd.spec.group}_${crd.spec.names.plural}.yaml`, CRDS),
    text: render(crd),
  }));
}

function render(crd: CustomResourceDefinition): string {
  // No anchors: schemas that occur twice would be written as aliases, which are hard to read.
  // `Off` is a boolean to a reader of YAML 1.1, as Helm's is.
  const body = stringify(crd, { lineWidth: 110, aliasDuplicateObjects: false, compat: 'yaml-1.1' });
  return `# Written by "npm run generate" from src/api. Change the schemas there, not this file.\n${body}`;
}

async function readIfPresent(url: URL): Promise<string | null> {
  try {
    return await readFile(url, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

/**
 * Writes the files that are not as they should be, or with `check` only reports them.
 *
 * @returns how many these are
 */
export async function writeGenerated(
  files: readonly GeneratedFile[],
  { check }: { readonly check: boolean },
): Promise<number> {
  let outOfDate = 0;
  for (const { url, text } of files) {
    if ((await readIfPresent(url)) === text) continue;
    outOfDate += 1;
    const name = relative(fileURLToPath(ROOT), fileURLToPath(url));
    if (check) {
      console.error(`${name} is out of date: run "npm run generate"`);
    } else {
      await mkdir(new URL('.', url), { recursive: true });
      await writeFile(url, text);
      console.log(`wrote ${name}`);
    }
  }
  return outOfDate;
}

if (import.meta.main) {
  const check = process.argv.includes('--check');
  const outOfDate = await writeGenerated(crdFiles(), { check });
  process.exitCode = check && outOfDate > 0 ? 1 : 0;
}
