/** Tests of the CRDs that need no API server; `test/integration/crds.test.ts` has the others. */
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { customResourceDefinitions } from './crd.ts';
import { crdFiles } from './generate.ts';
import { type StructuralSchema, structuralSchema } from './structural-schema.ts';

describe('crds/', () => {
  it.each(crdFiles().map(({ url, text }) => [url.pathname.split('/').at(-1), url, text] as const))(
    '%s is up to date with the schemas',
    async (_name, url, text) => {
      expect(await readFile(url, 'utf8')).toBe(text);
    },
  );
});

/** All fields at any depth with their paths, including the fields of list items. */
function fields(schema: StructuralSchema, path: string): readonly (readonly [string, StructuralSchema])[] {
  const below = Object.entries(schema.properties ?? {}).flatMap(([name, field]) => [
    [`${path}.${name}`, field] as const,
    ...fields(field, `${path}.${name}`),
  ]);
  return schema.items ? [...below, ...fields(schema.items, `${path}[]`)] : below;
}

/** "Its name." says nothing without the field above it. */
function isSentence(description: string): boolean {
  const isLongEnough = description.length >= 12 && description.split(' ').length >= 3;
  return isLongEnough && description.endsWith('.') && !/^its\b/i.test(description);
}

describe.each(customResourceDefinitions.map((crd) => [crd.spec.names.kind, crd] as const))(
  '%s',
  (_kind, crd) => {
    const schema = crd.spec.versions[0].schema.openAPIV3Schema;

    it('describes every field in a sentence that kubectl explain can print alone', () => {
      const unclear = fields(schema, '')
        // The API server adds the description of ObjectMeta.
        .filter(([path]) => path !== '.metadata')
        .filter(([, field]) => !isSentence(field.description ?? ''))
        .map(([path, field]) => `${path}: ${field.description}`);
      expect(unclear).toEqual([]);
    });

    it('describes every printer column in a sentence', () => {
      const unclear = crd.spec.versions[0].additionalPrinterColumns.filter(
        ({ description }) => !isSentence(description),
      );
      expect(unclear).toEqual([]);
    });

    it('has no bounds that are only the limits of a double', () => {
      expect(JSON.stringify(schema)).not.toContain('9007199254740991');
    });
  },
);

describe('structuralSchema', () => {
  it.each([
    ['a union', z.object({ a: z.union([z.string(), z.number()]) })],
    ['a discriminated union', z.object({ a: z.discriminatedUnion('k', [z.object({ k: z.literal('x') })]) })],
    ['anything', z.object({ a: z.unknown() })],
    ['a tuple', z.object({ a: z.tuple([z.string()]) })],
    ['two patterns', z.object({ a: z.string().regex(/a/).regex(/b/) })],
    ['a loose object', z.object({ a: z.looseObject({}) })],
  ])('rejects %s and names its path', (_name, schema) => {
    expect(() => structuralSchema(schema)).toThrow(/^\.a(\[\])? /);
  });

  it('expands the default of an object', () => {
    const schema = z.object({
      a: z.object({ b: z.int().default(1), c: z.string().optional() }).prefault({}),
    });
    expect(structuralSchema(schema).properties?.['a']).toEqual({
      type: 'object',
      default: { b: 1 },
      properties: { b: { type: 'integer', default: 1 }, c: { type: 'string' } },
    });
  });

  it('keeps bounds, literals and extensions', () => {
    const schema = z.object({
      a: z.int().min(0),
      b: z.literal('x'),
      c: z.array(z.string()).meta({ 'x-kubernetes-list-type': 'set' }),
    });
    expect(structuralSchema(schema).properties).toEqual({
      a: { type: 'integer', minimum: 0 },
      b: { type: 'string', enum: ['x'] },
      c: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
    });
  });
});
