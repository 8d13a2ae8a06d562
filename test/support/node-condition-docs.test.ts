/** Holds docs/node-condition.md and its samples to the code: reasons, statuses, metrics, and what other tools match on. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { isRecord } from '../../src/api/is-record.ts';
import { NODE_CONDITION, NODE_CONDITION_REASONS } from '../../src/api/node-condition.ts';
import { createNodeMetrics } from '../../src/controller/nodes/node-metrics.ts';
import { createMetrics } from '../../src/runtime/metrics.ts';

const SAMPLES = new URL('../../config/samples/node-condition/', import.meta.url);
const page = readFileSync(new URL('../../docs/node-condition.md', import.meta.url), 'utf8');
const files = readdirSync(SAMPLES);
const sample = (file: string): string => readFileSync(new URL(file, SAMPLES), 'utf8');

describe('docs/node-condition.md', () => {
  it('has a row for every reason, with its status, and none for another', () => {
    const rows = [...page.matchAll(/^\| `([A-Z]\w+)` \| (\w+) \|/gm)].map(([, reason, status]) => [
      reason,
      status,
    ]);
    expect(rows).toEqual(Object.entries(NODE_CONDITION_REASONS));
  });

  it('has a row for every metric of the checks', async () => {
    const metrics = createMetrics();
    createNodeMetrics(metrics);
    const exposed = [...(await metrics.scrape()).text.matchAll(/^# TYPE (dnshealth_\w+)/gm)].map(
      ([, name]) => name,
    );
    const rows = [...page.matchAll(/^\| `(dnshealth_\w+)` \|/gm)].map(([, name]) => name);
    expect(exposed.length).toBeGreaterThan(0);
    expect(rows).toEqual(exposed);
  });

  it.each(files.filter((file) => !file.includes('.test.')))('links to the sample %s', (file) => {
    expect(page).toContain(`(../config/samples/node-condition/${file})`);
  });
});

/** All values of fields with this name, at any depth. */
function valuesOf(field: string, value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value.flatMap((one) => valuesOf(field, one));
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([key, below]) => (key === field ? [below] : valuesOf(field, below)));
}

describe.each(files)('the sample %s', (file) => {
  const text = sample(file);

  it('is valid YAML and names the condition as it is', () => {
    expect(parseAllDocuments(text).flatMap(({ errors }) => errors)).toEqual([]);
    const types = text.match(/\bdnshealth\.io\/\w+/g) ?? [];
    expect(new Set(types)).toEqual(new Set([NODE_CONDITION]));
  });

  it('names only reasons that exist', () => {
    const named = [...text.matchAll(/reason=~?"([\w|]+)"/g)].flatMap(([, reasons = '']) =>
      reasons.split('|'),
    );
    expect(named.filter((reason) => !(reason in NODE_CONDITION_REASONS))).toEqual([]);
  });
});

describe('the samples for tools that replace nodes', () => {
  it.each([
    ['node-health-check.yaml', 'unhealthyConditions'],
    ['machine-health-check.yaml', 'unhealthyNodeConditions'],
  ])('%s reacts to False only, because the operator is at work while it is Unknown', (file, field) => {
    const statuses = valuesOf('status', valuesOf(field, parse(sample(file))));
    expect(statuses).toEqual(['False']);
  });
});
