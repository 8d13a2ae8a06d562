/** Holds the pages to the code: the files that they name exist, and the fields of the policy are as they are listed. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
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
  'docs/install.md',
  'docs/node-condition.md',
  'docs/notifications.md',
  'docs/policy.md',
  'docs/security.md',
  'docs/watching.md',
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

interface Field {
  readonly name: string;
  readonly schema: StructuralSchema;
  readonly isRequired: boolean;
}

/** The fields without fields of their own, and lists followed by the fields of their entries. */
function leaves(schema: StructuralSchema, name: string, isRequired = false): readonly Field[] {
  const inside = (of: StructuralSchema, path: string): readonly Field[] =>
    Object.entries(of.properties ?? {}).flatMap(([key, field]) =>
      leaves(field, path === '' ? key : `${path}.${key}`, of.required?.includes(key)),
    );
  const below = inside(schema, name);
  if (below.length > 0) return below;
  return [{ name, schema, isRequired }, ...(schema.items ? inside(schema.items, `${name}[]`) : [])];
}

describe.each([
  ['docs/policy.md', 'every field'],
  ['README.md', 'some fields'],
])('the table of the policy in %s', (page, which) => {
  const rows = matches(read(page), /^\| `([a-z][\w.[\]]+)` \| (.+?) \| (.+?) \| (.+) \|$/gm).map(
    ([, field = '', values = '', shown = '', why = '']) => ({ field, values, shown, why }),
  );
  const spec = customResourceDefinitions.find(({ spec: { names } }) => names.kind === 'DNSHealthPolicy')?.spec
    .versions[0].schema.openAPIV3Schema.properties?.['spec'];
  const all = leaves(spec ?? { type: 'object' }, '');

  it(`has ${which}, in order, and each with a reason`, () => {
    const listed = all.map(({ name }) => name).filter((name) => which === 'every field' || isIn(name));
    expect(rows.map(({ field }) => field)).toEqual(listed);
    expect(rows.filter(({ why }) => why.length < 20)).toEqual([]);
  });

  it.each(all.filter(({ name }) => isIn(name)))(
    'gives the values and the default of $name',
    ({ name, schema, isRequired }) => {
      const row = rows.find(({ field }) => field === name);
      expect(row?.values).toContain(valuesOf(schema));
      const unset = isRequired ? 'required' : 'none';
      expect(row?.shown).toBe(code([schema.default ?? []].flat().map(String)) || unset);
    },
  );

  function isIn(name: string): boolean {
    return rows.some(({ field }) => field === name);
  }
});

const code = (words: readonly string[]): string => (words.length === 0 ? '' : `\`${words.join('`, `')}\``);

/** The bounds, the values of an enum, or else nothing that the schema could tell better than the page. */
function valuesOf(schema: StructuralSchema): string {
  const { minimum, maximum } = schema;
  if (typeof minimum === 'number' && typeof maximum === 'number') return `${minimum} to ${maximum}`;
  const words: unknown = (schema.items ?? schema)['enum'];
  if (Array.isArray(words)) return code(words.map(String));
  return schema.type === 'boolean' ? 'boolean' : '';
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

const POLICIES = new URL('config/samples/policies/', ROOT);
describe.each(readdirSync(POLICIES))('config/samples/policies/%s', (file) => {
  const text = readFileSync(new URL(file, POLICIES), 'utf8');

  it('has no field that does not exist', () => {
    const { spec } = parse(text) as { spec: object };
    expect(policySpecSchema.parse(spec)).toMatchObject(spec);
  });

  it('is offered on the page of the policy, which says for whom it is', () => {
    expect(read('docs/policy.md')).toContain(`(../config/samples/policies/${file})`);
  });
});
