/** Converts a zod schema into the structural OpenAPI schema of a CRD. */
import * as z from 'zod';
import { isRecord } from './is-record.ts';

export interface StructuralSchema {
  /** Absent only beside `x-kubernetes-int-or-string`. */
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, StructuralSchema>>;
  readonly required?: readonly string[];
  readonly items?: StructuralSchema;
  readonly additionalProperties?: StructuralSchema;
  readonly [keyword: string]: unknown;
}

/** Keywords that the API server keeps. It rejects the others or, worse, drops them silently. */
const KEPT: ReadonlySet<string> = new Set([
  'type',
  'description',
  'default',
  'properties',
  'required',
  'items',
  'additionalProperties',
  'enum',
  'format',
  'pattern',
  'nullable',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'maxProperties',
  'x-kubernetes-validations',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-map-type',
  'x-kubernetes-int-or-string',
  'anyOf',
]);
const TYPES: readonly string[] = ['object', 'array', 'string', 'integer', 'number', 'boolean'];

/**
 * Uses the input side of the schema, because a default must not make its field required; and openapi-3.0, because
 * newer drafts express literals and exclusive bounds in keywords that the API server drops.
 *
 * A `.refine` is lost: repeat it as a CEL rule in `.meta`.
 *
 * @throws Error with the path of a construct that cannot be structural (a tuple, any, a reference, a union other than of
 *   an integer and a string)
 */
export function structuralSchema(schema: z.ZodType): StructuralSchema {
  const raw: unknown = z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input' });
  return normalize(raw, '');
}

function normalize(raw: unknown, path: string): StructuralSchema {
  if (!isRecord(raw)) throw new Error(`${path || 'the schema'} is not an object`);
  if (raw['x-kubernetes-int-or-string'] === true) return intOrString(raw);
  const { type } = raw;
  if (!isType(type)) throw new Error(`${path || 'the schema'} has no single type and cannot be structural`);
  const entries = Object.entries(raw)
    // A structural schema may not have it beside properties. The server prunes unknown fields anyway.
    .filter(([key, value]) => key !== 'additionalProperties' || value !== false)
    .filter(([key, value]) => key !== '$schema' && !isNoise(key, value));
  for (const [key] of entries) {
    if (!KEPT.has(key)) throw new Error(`${path || 'the schema'} has ${key}, which a CRD cannot hold`);
  }
  return withFullDefault({
    ...Object.fromEntries(entries.map(([key, value]) => [key, child(key, value, path)])),
    type,
  });
}

/** Bounds and pattern of both sides can stand side by side: each concerns values of its own type only. */
function intOrString(raw: Readonly<Record<string, unknown>>): StructuralSchema {
  const { anyOf, ...rest } = raw;
  const sides = Array.isArray(anyOf) ? anyOf.filter(isRecord) : [];
  const bounds = sides.map(({ type: _type, ...bound }) => bound);
  return {
    anyOf: [{ type: 'integer' }, { type: 'string' }],
    ...Object.assign({}, ...bounds),
    ...Object.fromEntries(Object.entries(rest).filter(([key]) => KEPT.has(key))),
  };
}

/**
 * Expands a default of `{}` to the defaults of its fields. The server would fill in the fields by itself, but only
 * after it has checked the default against the CEL rules; and `kubectl explain` shows the expanded values.
 */
export function withFullDefault(schema: StructuralSchema): StructuralSchema {
  if (!isRecord(schema.default) || !schema.properties) return schema;
  const fields = Object.entries(schema.properties)
    .filter(([, field]) => field.default !== undefined)
    .map(([name, field]) => [name, field.default]);
  return { ...schema, default: { ...Object.fromEntries(fields), ...schema.default } };
}

function child(key: string, value: unknown, path: string): unknown {
  switch (key) {
    case 'properties':
      return isRecord(value)
        ? Object.fromEntries(
            Object.entries(value).map(([name, field]) => [name, normalize(field, `${path}.${name}`)]),
          )
        : value;
    case 'items':
    case 'additionalProperties':
      return normalize(value, `${path}[]`);
    default:
      return value;
  }
}

/** zod limits every integer to what a double can represent, which says nothing about the field. */
function isNoise(key: string, value: unknown): boolean {
  return (
    (key === 'minimum' && value === Number.MIN_SAFE_INTEGER) ||
    (key === 'maximum' && value === Number.MAX_SAFE_INTEGER)
  );
}

function isType(value: unknown): value is NonNullable<StructuralSchema['type']> {
  return typeof value === 'string' && TYPES.includes(value);
}
