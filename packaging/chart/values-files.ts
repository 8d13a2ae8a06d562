/** Renders values.yaml, with the descriptions as comments, and values.schema.json from the schema of the values. */
import { stringify } from 'yaml';
import * as z from 'zod';
import { valuesSchema } from './values.ts';

/** The part of JSON Schema that is rendered and tested. */
export interface ValueSchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly properties?: Readonly<Record<string, ValueSchema>>;
  readonly additionalProperties?: boolean | ValueSchema;
  readonly items?: ValueSchema;
}

const WIDTH = 110;

/** The input side: a default must not make its field required. */
export const jsonSchema = (): ValueSchema => z.toJSONSchema(valuesSchema, { io: 'input' }) as ValueSchema;

export const schemaFile = (): string => `${JSON.stringify(jsonSchema(), null, 2)}\n`;

export const valuesFile = (): string =>
  [
    '# Values of the chart, with their defaults. Written by "npm run generate" from packaging/chart/values.ts: change them there.',
    '# How to install it: docs/install.md',
    '',
    ...Object.entries(jsonSchema().properties ?? {}).flatMap(([name, schema]) => {
      const lines = field(name, schema);
      return lines.length > 0 ? [...lines, ''] : [];
    }),
  ]
    .join('\n')
    .replace(/\n+$/, '\n');

function field(name: string, schema: ValueSchema, indent = ''): readonly string[] {
  const inside = Object.entries(schema.properties ?? {});
  if (schema.default === undefined) return [];
  const comment = commentLines(schema, indent);
  // A default with fields of its own is shown as a whole: what is in it has no comment of ours.
  if (inside.length > 0 && isEmpty(schema.default))
    return [
      ...comment,
      `${indent}${name}:`,
      ...inside.flatMap(([key, value]) => field(key, value, `${indent}  `)),
    ];
  return [...comment, ...yamlLines({ [name]: schema.default }, indent)];
}

const isEmpty = (value: unknown): boolean => Object.keys(value as object).length === 0;

function commentLines({ description = '', examples = [] }: ValueSchema, indent: string): readonly string[] {
  const shown = examples.flatMap((example) => ['For example:', ...yamlLines(example, '  ')]);
  return [...wrap(description, WIDTH - indent.length), ...shown].map((line) => `${indent}# ${line}`);
}

const yamlLines = (value: unknown, indent: string): readonly string[] =>
  stringify(value, { lineWidth: WIDTH })
    .trimEnd()
    .split('\n')
    .map((line) => indent + line);

function wrap(text: string, width: number): readonly string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? '';
    if (last === '') lines[lines.length - 1] = word;
    else if (last.length + word.length < width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
