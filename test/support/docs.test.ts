/** Holds the pages to the code: the files that they name exist, and the README lists the policy as it is. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { customResourceDefinitions } from '../../src/api/crd.ts';
import { LOOP_CAUSES, NODE_CAUSES } from '../../src/api/loop-cause.ts';
import { policySpecSchema } from '../../src/api/policy.ts';
import type { StructuralSchema } from '../../src/api/structural-schema.ts';

const ROOT = new URL('../../', import.meta.url);
const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'docs/a-tour.md',
  'docs/architecture.md',
  'docs/guarantees.md',
  'docs/node-condition.md',
];
/** In backticks, or as the target of a link: something with a folder and an ending of a file of ours. */
const FILE = /(?:`|\]\()((?:[\w.-]+\/)+[\w.-]+\.(?:ts|md|yaml))(?:`|\))/g;

const read = (page: string): string => readFileSync(new URL(page, ROOT), 'utf8');
const matches = (text: string, pattern: RegExp): readonly (readonly string[])[] => [
  ...text.matchAll(pattern),
];

describe.each(PAGES)('%s', (page) => {
  it('names only files that exist', () => {
    const named = matches(read(page), FILE).map(([, path = '']) => path);
    expect(named.length).toBeGreaterThan(0);
    // Links are relative to the page, paths to the repository, and pages on the code leave out src/.
    const bases = [new URL(page, ROOT), ROOT, new URL('src/', ROOT)];
    expect(named.filter((path) => !bases.some((base) => existsSync(new URL(path, base))))).toEqual([]);
  });
});

/** The fields without fields of their own. */
function leaves(schema: StructuralSchema, path: string): readonly (readonly [string, StructuralSchema])[] {
  const below = Object.entries(schema.properties ?? {});
  if (below.length === 0) return [[path, schema]];
  return below.flatMap(([name, field]) => leaves(field, path === '' ? name : `${path}.${name}`));
}

describe("the README's table of the policy", () => {
  const rows = matches(read('README.md'), /^\| `([a-z][\w.]+)` \| (.+?) \| (.+?) \| .+ \|$/gm);
  const spec = customResourceDefinitions.find(({ spec: { names } }) => names.kind === 'DNSHealthPolicy')?.spec
    .versions[0].schema.openAPIV3Schema.properties?.['spec'];
  const fields = leaves(spec ?? { type: 'object' }, '');

  it('has a row for every field, in order', () => {
    expect(rows.map(([, field]) => field)).toEqual(fields.map(([name]) => name));
  });

  it.each(fields)('gives the values and the default of %s', (name, schema) => {
    const [, , values, shown] = rows.find(([, field]) => field === name) ?? [];
    expect({ values, shown }).toEqual({
      values: valuesOf(schema),
      shown: code([schema.default ?? []].flat().map(String)) || 'none',
    });
  });
});

const code = (words: readonly string[]): string => (words.length === 0 ? '' : `\`${words.join('`, `')}\``);

/** The bounds, the values of an enum, or else the type. */
function valuesOf(schema: StructuralSchema): string {
  const { minimum, maximum } = schema;
  if (typeof minimum === 'number' && typeof maximum === 'number') return `${minimum} to ${maximum}`;
  const words: unknown = (schema.items ?? schema)['enum'];
  return Array.isArray(words) ? code(words.map(String)) : (schema.type ?? 'number or string');
}

describe('docs/diagnose.md', () => {
  const page = read('docs/diagnose.md');

  it('lists all causes of a loop', () => {
    const named = new Set([...page.matchAll(/`([A-Z][A-Za-z]+)`/g)].map((match) => match[1]));
    expect([...LOOP_CAUSES, ...NODE_CAUSES].filter((cause) => !named.has(cause))).toEqual([]);
  });

  it('links to sections that exist', () => {
    const anchors = [...page.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
      title.toLowerCase().replace(/[`.?]/g, '').replaceAll(' ', '-'),
    );
    const links = [...page.matchAll(/\]\(#([\w-]+)\)/g)].map((match) => match[1]);
    expect(links.filter((link) => !anchors.includes(link ?? ''))).toEqual([]);
  });
});

it.each(['policy', 'drift'])('config/samples/%s.yaml has no field that does not exist', (name) => {
  const { spec } = parse(read(`config/samples/${name}.yaml`)) as { spec: object };
  expect(policySpecSchema.parse(spec)).toMatchObject(spec);
});
