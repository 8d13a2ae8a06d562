/** Holds alerts and dashboard to the operator: what they ask Prometheus for is what its registry exports. */
import { readdirSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { OPERATOR_LEASE, OPERATOR_NAMESPACE } from '../../../src/api/keys.ts';
import { NODE_CONDITION_REASONS } from '../../../src/api/node-condition.ts';
import { exportedMetrics } from './exported-metrics.ts';
import {
  alerts,
  dashboard,
  dashboardExpressions,
  dashboardText,
  MONITORING,
  panels,
  rulesTest,
} from './files.ts';
import { namedIn } from './selectors.ts';

/** What Prometheus adds when it scrapes. */
const OF_SCRAPE = ['namespace', 'pod'];

let exported: Awaited<ReturnType<typeof exportedMetrics>>;
beforeAll(async () => {
  exported = await exportedMetrics();
});

const expressions = [
  ...alerts.map(({ alert, expr }) => ({ title: alert, expr })),
  ...dashboardExpressions.map(({ title, expr }) => ({ title: `panel: ${title}`, expr })),
];

it('the registry that they are compared with is the one of the operator', () => {
  expect(exported.get('dnshealth_step_seconds_bucket')).toEqual(new Set(['step', 'le']));
  expect([...exported.keys()].filter((name) => name.startsWith('dnshealth_')).length).toBeGreaterThan(25);
});

it.each(expressions)(
  '$title asks for metrics that the operator exports, by labels that they have',
  ({ expr }) => {
    const { selectors, groupings } = namedIn(expr);
    expect(selectors.length).toBeGreaterThan(0);
    const missing = selectors.filter(({ metric }) => !exported.has(metric));
    expect(missing).toEqual([]);
    for (const { metric, labels } of selectors) {
      const has = [...(exported.get(metric) ?? []), ...OF_SCRAPE];
      expect(has).toEqual(expect.arrayContaining([...labels]));
      expect(has).toEqual(expect.arrayContaining([...groupings]));
    }
  },
);

it.each(expressions)('$title keeps to the operator where others export the same name', ({ expr }) => {
  const shared = /^(?:rest_client|workqueue|controller_runtime|leader_election|process|nodejs|events)_/;
  const bare = namedIn(expr).selectors.filter(
    ({ metric, labels }) => shared.test(metric) && !labels.includes('namespace') && !labels.includes('name'),
  );
  expect(bare).toEqual([]);
});

describe('the alerts', () => {
  it('each has a test in which it fires, and one in which it does not', () => {
    const tested = parseAllDocuments(rulesTest).flatMap((document) => document.toJS() as RuleTests);
    const cases = tested
      .flatMap(({ tests }) => tests)
      .flatMap((one) => [
        ...(one.promql_expr_test ?? []).map(({ expr, exp_samples }) => ({
          alert: /alertname="(\w+)"/.exec(expr)?.[1],
          fires: exp_samples.length > 0,
        })),
        ...(one.alert_rule_test ?? []).map(({ alertname, exp_alerts }) => ({
          alert: alertname,
          fires: exp_alerts.length > 0,
        })),
      ]);
    for (const { alert } of alerts)
      for (const fires of [true, false]) expect(cases).toContainEqual({ alert, fires });
  });

  it('that of the nodes fires for the reasons with the status False, and for no other', () => {
    const expr = alerts.find(({ alert }) => alert === 'DNSHealthNodesDrifted')?.expr ?? '';
    const isFalse = Object.entries(NODE_CONDITION_REASONS).filter(([, status]) => status === 'False');
    expect(/reason=~"([\w|]+)"/.exec(expr)?.[1]?.split('|')).toEqual(isFalse.map(([reason]) => reason));
  });

  it('those of the leader name the Lease as it is', () => {
    const names = alerts.flatMap(({ expr }) => /leader_\w+\{name="(.+?)"\}/.exec(expr)?.[1] ?? []);
    expect(names).toEqual([OPERATOR_LEASE, OPERATOR_LEASE]);
  });

  it.each(alerts)('$alert says in plain sentences what is wrong, why, and what to run', ({ annotations }) => {
    expect(annotations.summary).toMatch(/^(?:\{\{ \$value \}\} )?[\w ].*\.$/);
    expect(annotations.description).toMatch(/kubectl|log of|Secret/);
    expect(annotations.description).toMatch(/\.$/);
  });
});

describe('the dashboard', () => {
  it('has a panel for every metric about DNS and remediations', () => {
    const shown = new Set(dashboardExpressions.flatMap(({ expr }) => namedIn(expr).selectors).map(base));
    const own = [...exported.keys()]
      .filter((name) => name.startsWith('dnshealth_'))
      .map((name) => base({ metric: name }));
    expect([...new Set(own)].filter((name) => !shown.has(name))).toEqual([
      'dnshealth_notification_receivers',
    ]);
  });

  it('takes its data source from a variable, everywhere', () => {
    expect(dashboard.templating.list.map(({ name, type }) => [name, type])).toContainEqual([
      'datasource',
      'datasource',
    ]);
    expect(panels.map(({ datasource }) => datasource.uid)).toEqual(panels.map(() => '${datasource}'));
    const sources = [...dashboardText.matchAll(/"uid": "(.+?)"/g)].map(([, uid]) => uid);
    expect(new Set(sources)).toEqual(new Set([dashboard.uid, '${datasource}']));
  });

  it('uses no variable that it does not declare', () => {
    const declared = ['__rate_interval', '__all', ...dashboard.templating.list.map(({ name }) => name)];
    const used = [...dashboardText.matchAll(/\$\{?(\w+)/g)].map(([, name = '']) => name);
    expect(used.filter((name) => !declared.includes(name))).toEqual([]);
  });

  it('gives each panel an id of its own, a description, a title of its own and a place of its own', () => {
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    expect(new Set(dashboard.panels.map(({ title }) => title)).size).toBe(dashboard.panels.length);
    expect(panels.filter(({ description }) => description.length < 10)).toEqual([]);
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)}/${y + Math.floor(cell / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(dashboard.panels.filter(({ gridPos: { x, w } }) => x + w > 24)).toEqual([]);
  });

  it('names in its legends only labels that the expression keeps', () => {
    for (const { targets } of panels)
      for (const { expr, legendFormat } of targets) {
        const used = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);
        expect(namedIn(expr).groupings).toEqual(expect.arrayContaining(used));
      }
  });
});

it('docs/watching.md has a row for every metric about DNS and remediations, with its labels', () => {
  const page = readFileSync(new URL('../../docs/watching.md', MONITORING), 'utf8');
  const rows = [...page.matchAll(/^\| `(dnshealth_\w+)` \| ([^|]*)\|/gm)].map(
    ([, name = '', labels = '']) => [name, [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label)],
  );
  const own = [...exported].flatMap(([metric, labels]) =>
    metric.startsWith('dnshealth_')
      ? [[base({ metric }), [...labels].filter((label) => label !== 'le')]]
      : [],
  );
  expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(own));
});

describe('config/monitoring', () => {
  const of = (name: string): string => readFileSync(new URL(name, MONITORING), 'utf8');

  it('is not part of config/default, which must not need the CRDs of the Prometheus Operator', () => {
    expect(of('../default/kustomization.yaml')).not.toContain('monitoring');
  });

  it('lists the files that Kubernetes takes', () => {
    const { resources, namespace } = parse(of('kustomization.yaml')) as Record<string, unknown>;
    const manifests = readdirSync(MONITORING).filter(
      (name) => name.endsWith('.yaml') && !name.includes('.test.') && name !== 'kustomization.yaml',
    );
    expect(resources).toEqual(manifests.toSorted());
    expect(namespace).toBe(OPERATOR_NAMESPACE);
  });

  it('scrapes the pods of the Deployment, at its port', () => {
    const monitor = parse(of('pod-monitor.yaml')) as Record<string, Record<string, unknown>>;
    const deployment = parse(of('../manager/deployment.yaml')) as {
      spec: { template: { metadata: { labels: object }; spec: { containers: { ports: object[] }[] } } };
    };
    const { metadata, spec } = deployment.spec.template;
    expect(monitor['spec']?.['selector']).toEqual({ matchLabels: metadata.labels });
    expect(monitor['spec']?.['podMetricsEndpoints']).toMatchObject([{ port: 'http', path: '/metrics' }]);
    expect(spec.containers[0]?.ports).toContainEqual({ name: 'http', containerPort: 8080 });
  });

  it('is let in by the NetworkPolicy of the operator, wherever Prometheus runs', () => {
    const policies = parseAllDocuments(of('../isolation/network-policies.yaml')).map(
      (document) => document.toJS() as { metadata: { name: string }; spec: { ingress?: object[] } },
    );
    const own = policies.find(({ metadata }) => metadata.name === 'dnshealth-operator');
    expect(own?.spec.ingress).toEqual([{ ports: [{ protocol: 'TCP', port: 8080 }] }]);
  });
});

type RuleTests = {
  readonly tests: readonly {
    readonly promql_expr_test?: readonly { readonly expr: string; readonly exp_samples: readonly object[] }[];
    readonly alert_rule_test?: readonly {
      readonly alertname: string;
      readonly exp_alerts: readonly object[];
    }[];
  }[];
};

const base = ({ metric }: { readonly metric: string }): string =>
  metric.replace(/_(?:bucket|sum|count)$/, '');
