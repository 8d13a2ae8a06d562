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
/** What promtool reads: the PrometheusRule without its frame. */
export const rulesFile = stringify(prometheusRule.spec);
/** The tests of the rules, which name `rules.yaml`. */
export const rulesTest = read('prometheus-rule.test.yaml');

const targetSchema = z.object({ refId: z.string(), expr: z.string(), legendFormat: z.string() });
const panelSchema = z.object({
  id: z.int(),
  type: z.enum(['row', 'table', 'timeseries']),
  title: z.string(),
  description: z.string().optional(),
  datasource: z.object({ type: z.string(), uid: z.string() }).optional(),
  gridPos: z.object({ x: z.int(), y: z.int(), w: z.int(), h: z.int() }),
  targets: z.array(targetSchema.loose()).default([]),
});
const variableSchema = z.object({ name: z.string(), type: z.string(), definition: z.string().optional() });
const dashboardSchema = z.object({
  uid: z.string(),
  schemaVersion: z.int(),
  templating: z.object({ list: z.array(variableSchema) }),
  annotations: z.object({ list: z.array(z.object({ expr: z.string() })) }),
  panels: z.array(panelSchema),
});
export const dashboardText = read('dashboard.json');
export const dashboard = dashboardSchema.parse(JSON.parse(dashboardText));
export type Panel = (typeof dashboard.panels)[number];

/** What Prometheus is asked once Grafana has put in its variables. */
export const expanded = (expr: string): string =>
  expr.replaceAll('$__rate_interval', '5m').replaceAll('$policy', '.*');

/** Every expression of the dashboard, with where it is. */
export const dashboardExpressions = [
  ...dashboard.panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ title, expr }))),
  ...dashboard.annotations.list.map(({ expr }) => ({ title: 'the annotation', expr })),
].map(({ title, expr }) => ({ title, expr: expanded(expr) }));
