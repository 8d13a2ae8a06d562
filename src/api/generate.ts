/** `npm run generate`: writes `crds/` from the schemas. With `--check` it only reports files that are out of date. */
import { readFile, writeFile } from 'node:fs/promises';
import { stringify } from 'yaml';
import { type CustomResourceDefinition, customResourceDefinitions } from './crd.ts';

const CRDS = new URL('../../crds/', import.meta.url);

/** Exported for the test that compares `crds/` with the schemas. */
export function crdFiles(): readonly { readonly url: URL; readonly text: string }[] {
  return customResourceDefinitions.map((crd) => ({
    url: new URL(`${crd.spec.group}_${crd.spec.names.plural}.yaml`, CRDS),
    text: render(crd),
  }));
}

function render(crd: CustomResourceDefinition): string {
  // No anchors: schemas that occur twice would be written as aliases, which are hard to read.
  const body = stringify(crd, { lineWidth: 110, aliasDuplicateObjects: false });
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

async function main(args: readonly string[]): Promise<number> {
  const check = args.includes('--check');
  let outOfDate = 0;
  for (const { url, text } of crdFiles()) {
    if ((await readIfPresent(url)) === text) continue;
    outOfDate += 1;
    const name = url.pathname.split('/').at(-1);
    if (check) {
      console.error(`crds/${name} is out of date: run "npm run generate"`);
    } else {
      await writeFile(url, text);
      console.log(`wrote crds/${name}`);
    }
  }
  return check && outOfDate > 0 ? 1 : 0;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
