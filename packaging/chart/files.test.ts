import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import packageJson from '../../package.json' with { type: 'json' };
import { VERSION } from '../../src/api/version.ts';
import { readSettings } from '../../src/controller/settings.ts';
import { imageConfig } from '../image/image-config.ts';
import { CHART, chartFiles, leftOver } from './files.ts';
import { valuesSchema } from './values.ts';
import { jsonSchema, type ValueSchema } from './values-files.ts';

const generated = await chartFiles();

describe('the generated files of the chart', () => {
  it.each(generated.map(({ url, text }) => [url.href.slice(CHART.href.length), url, text] as const))(
    '%s is up to date',
    async (_name, url, text) => {
      expect(await readFile(url, 'utf8')).toBe(text);
    },
  );

  it('include no copy whose original is gone', async () => {
    expect(await leftOver()).toEqual([]);
  });
});

it('the chart has the version of the project, and so have the image that it installs and the programs in it', async () => {
  const chart: unknown = parse(await readFile(new URL('Chart.yaml', CHART), 'utf8'));
  const { version } = packageJson;
  expect(chart).toMatchObject({ version, appVersion: version });
  expect(imageConfig().Labels['org.opencontainers.image.version']).toBe(version);
  expect(VERSION).toBe(version);
});

describe('values.yaml', () => {
  const text = generated.find(({ url }) => url.href.endsWith('/values.yaml'))?.text ?? '';

  it('holds the default of every value, and nothing else', () => {
    expect(parse(text)).toEqual(valuesSchema.parse({}));
  });

  it('explains every value in a comment', () => {
    const lines = text.split('\n');
    const bare = Object.keys(parse(text) as object).filter(
      (name) => !lines[lines.findIndex((line) => line.startsWith(`${name}:`)) - 1]?.startsWith('# '),
    );
    expect(bare).toEqual([]);
  });
});

/** All schemas of objects at any depth, with their paths. */
function objects(schema: ValueSchema, path: string): readonly (readonly [string, ValueSchema])[] {
  const inside = [
    ...Object.entries(schema.properties ?? {}).map(([name, field]) => [`${path}.${name}`, field] as const),
    ...(schema.items ? [[`${path}[]`, schema.items] as const] : []),
  ];
  return [
    ...(schema.type === 'object' ? [[path, schema] as const] : []),
    ...inside.flatMap(([name, field]) => objects(field, name)),
  ];
}

describe('values.schema.json', () => {
  it('is closed but for what the API server checks, and what Helm itself passes', () => {
    const open = objects(jsonSchema(), '')
      .filter(([, { additionalProperties }]) => additionalProperties !== false)
      .filter(([, { additionalProperties: of }]) => typeof of !== 'object' || of.type !== 'string')
      .map(([path]) => path);
    expect(open).toEqual([
      '.affinity.nodeAffinity',
      '.affinity.podAffinity',
      '.affinity.podAntiAffinity',
      '.extraObjects[]',
      '.global',
    ]);
  });

  it('describes every value in a sentence', () => {
    const unclear = objects(jsonSchema(), '')
      .flatMap(([path, { properties = {} }]) =>
        Object.entries(properties).map(([name, field]) => [`${path}.${name}`, field] as const),
      )
      .filter(([, { description = '' }]) => !/^[\w"].+ .+ .+\.$/.test(description))
      .map(([path]) => path);
    expect(unclear).toEqual([]);
  });

  it.each(['debug', 'info', 'warn', 'error'])('lets the operator log from %s', (level) => {
    expect(valuesSchema.parse({ logLevel: level }).logLevel).toBe(level);
    expect(readSettings({ AGENT_IMAGE: 'image', LOG_LEVEL: level }).logLevel).toBe(level);
  });

  it('offers every sample of a policy', () => {
    const files = generated.map(({ url }) => /files\/policies\/(.+)\.yaml$/.exec(url.href)?.[1] ?? []).flat();
    const offered = valuesSchema.shape.policy.unwrap().shape.sample.unwrap().options;
    expect([...offered].sort()).toEqual(files.sort());
  });
});
