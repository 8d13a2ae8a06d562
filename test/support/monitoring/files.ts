/** The rules and the dashboard of config/monitoring, as far as the tests look at them. */
import { readFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';
import * as z from 'zod';

export const MONITORING = new URL('../../../config/monitoring/', import.meta.url);

const rulesSchema = z.object({
  spec: z.object({
    groups: z.array(
      z.object({
        name: z.string(),
        rules: z.array(
          z.object({
            alert: z.string(),
            expr: z.string(),
            for: z.string().optional(),
            labels: z.object({ severity: z.enum(['critical', 'warning', 'info']) }),
            annotations: z.strictObject({
              summary: z.string(),
              description: z.string(),
              runbook_url: z.string(),
            }),
          }),
        ),
      }),
    ),
  }),
});

const read = (name: string): string => readFileSync(new URL(name, MONITORING), 'utf8');
const prometheusRule = rulesSchema.parse(parse(read('prometheus-rule.yaml')));

export const alerts = prometheusRule.spec.groups.flatMap(({ rules }) => rules);
export type Alert = (typeof alerts)[number];
export const ruleGroups = prometheusRule.spec.groups;
/** What promtool reads: the PrometheusRule without its frame. */
export const rulesFile = stringify(prometheusRule.spec);
/** The tests of the rules, which name `rules.yaml`. */
export const rulesTest = read('prometheus-rule.test.yaml');

/** As in Grafana's own schema (kinds/dashboard/dashboard_kind.cue), but for what is optional there and not used here. */
const sourceSchema = z.strictObject({ type: z.literal('prometheus'), uid: z.string() });
const gridSchema = z.strictObject({
  x: z.int().min(0).max(23),
  y: z.int().min(0),
  w: z.int().min(1).max(24),
  h: z.int().min(1),
});
const targetSchema = z.strictObject({
  refId: z.string(),
  datasource: sourceSchema,
  expr: z.string(),
  legendFormat: z.string(),
  format: z.enum(['time_series', 'table']).optional(),
  instant: z.boolean().optional(),
  range: z.boolean().optional(),
});
const rowSchema = z.strictObject({
  type: z.literal('row'),
  id: z.int().min(1),
  title: z.string(),
  collapsed: z.literal(false),
  gridPos: gridSchema,
  panels: z.tuple([]),
});
const panelSchema = z.strictObject({
  type: z.enum(['table', 'timeseries']),
  id: z.int().min(1),
  title: z.string(),
  description: z.string(),
  datasource: sourceSchema,
  gridPos: gridSchema,
  options: z.record(z.string(), z.unknown()),
  fieldConfig: z.strictObject({
    defaults: z.record(z.string(), z.unknown()),
    overrides: z.array(
      z.strictObject({
        matcher: z.strictObject({ id: z.string(), options: z.unknown() }),
        properties: z.array(z.strictObject({ id: z.string(), value: z.unknown() })),
      }),
    ),
  }),
  transformations: z.array(z.strictObject({ id: z.string(), options: z.unknown() })).optional(),
  targets: z.array(targetSchema).min(1),
});
const variableSchema = z
  .object({
    name: z.string(),
    type: z.enum(['datasource', 'query']),
    hide: z.literal([0, 1, 2]),
    definition: z.string().optional(),
  })
  .loose();
const annotationSchema = z
  .object({
    name: z.string(),
    datasource: sourceSchema,
    enable: z.boolean(),
    iconColor: z.string(),
    expr: z.string(),
  })
  .loose();
const dashboardSchema = z
  .object({
    uid: z.string().min(8).max(40),
    title: z.string(),
    editable: z.boolean(),
    graphTooltip: z.literal([0, 1, 2]),
    schemaVersion: z.int(),
    time: z.strictObject({ from: z.string(), to: z.string() }),
    templating: z.strictObject({ list: z.array(variableSchema) }),
    annotations: z.strictObject({ list: z.array(annotationSchema) }),
    panels: z.array(z.discriminatedUnion('type', [rowSchema, panelSchema])),
  })
  .loose();
export const dashboardText = read('dashboard.json');
export const dashboard = dashboardSchema.parse(JSON.parse(dashboardText));
/** Without the rows, which are only titles. */
export const panels = dashboard.panels.flatMap((panel) => (panel.type === 'row' ? [] : panel));

/** What Prometheus is asked once Grafana has put in its variables. */
export const expanded = (expr: string): string =>
  expr.replaceAll('$__rate_interval', '5m').replaceAll('$policy', '.*');

/** Every expression of the dashboard, with where it is. */
export const dashboardExpressions = [
  ...panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ title, expr }))),
  ...dashboard.annotations.list.map(({ expr }) => ({ title: 'the annotation', expr })),
].map(({ title, expr }) => ({ title, expr: expanded(expr) }));
