/** Prometheus itself reads the alerts and the dashboard, and its own tool runs the tests of the alerts. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { debianProgram, runPromtool } from '../support/monitoring/debian-programs.ts';
import { alerts, dashboardExpressions, rulesFile, rulesTest } from '../support/monitoring/files.ts';

let program: string;
beforeAll(async () => {
  program = await debianProgram('promtool');
});
const promtool = async (args: readonly string[], files: Readonly<Record<string, string>>) =>
  runPromtool(program, args, files);

describe('the alerts of config/monitoring', () => {
  it('are read by Prometheus', async () => {
    const { code, stdout, stderr } = await promtool(['check', 'rules', 'rules.yaml'], {
      'rules.yaml': rulesFile,
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`SUCCESS: ${alerts.length} rules found`);
  });

  it('fire in their tests when they should, and not otherwise', async () => {
    const { code, stdout, stderr } = await promtool(['test', 'rules', 'test.yaml'], {
      'rules.yaml': rulesFile,
      'test.yaml': rulesTest,
    });
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: expect.stringContaining('SUCCESS'),
      stderr: '',
    });
  });

  it.each(alerts.filter((one) => one.for))(
    '$alert has a test that fails if it does not wait',
    async (one) => {
      const own = onlyTestsOf(one.alert);
      const told = async (rule: object) =>
        promtool(['test', 'rules', 'test.yaml'], {
          'rules.yaml': stringify({ groups: [{ name: 'one', rules: [rule] }] }),
          'test.yaml': own,
        });
      expect(await told(one)).toMatchObject({ code: 0 });
      expect(await told({ ...one, for: '0s' })).toMatchObject({ code: 1 });
    },
  );
});

/** Not all of them each time: they take seconds. */
function onlyTestsOf(alert: string): string {
  const { tests, ...rest } = parse(rulesTest) as { readonly tests: readonly { readonly name: string }[] };
  return stringify({ ...rest, tests: tests.filter(({ name }) => name.startsWith(`${alert}.`)) });
}

it('every expression of the dashboard is read by Prometheus', async () => {
  const rules = dashboardExpressions.map(({ expr }, number) => ({ record: `panel:${number}`, expr }));
  const { code, stdout, stderr } = await promtool(['check', 'rules', 'panels.yaml'], {
    'panels.yaml': stringify({ groups: [{ name: 'dashboard', rules }] }),
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain(`SUCCESS: ${rules.length} rules found`);
});

it('the alert of each node by its name passes its tests', async () => {
  const sample = (name: string): string =>
    readFileSync(new URL(`../../config/samples/node-condition/${name}`, import.meta.url), 'utf8');
  const files = {
    'prometheus-rules.yaml': sample('prometheus-rules.yaml'),
    'prometheus-rules.test.yaml': sample('prometheus-rules.test.yaml'),
  };
  const { code, stderr } = await promtool(['test', 'rules', 'prometheus-rules.test.yaml'], files);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});
