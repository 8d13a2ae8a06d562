/** Asks Prometheus what Grafana would ask it for the dashboard, and names what comes back empty. */
import { dashboard, expanded, panels } from './files.ts';
import type { Series, Watcher } from './watcher.ts';

/**
 * The panels, variables and annotations that had nothing to show in this time, by title and query.
 *
 * @param from epoch milliseconds, like `to`
 */
export async function withoutData(
  watcher: Watcher,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<readonly string[]> {
  const seconds = (ms: number): string => String(ms / 1000);
  const range = async (expr: string): Promise<boolean> => {
    const query = { query: expr, start: seconds(from), end: seconds(to), step: '2' };
    const { result } = await watcher.ask<{ readonly result: readonly Series[] }>('query_range', query);
    // Grafana draws nothing for NaN, which is what a quantile of no observations is.
    return result.some(({ values }) => values.some(([, value]) => value !== 'NaN'));
  };
  const instant = async (expr: string): Promise<boolean> => {
    const { result } = await watcher.ask<{ readonly result: readonly unknown[] }>('query', {
      query: expr,
      time: seconds(to),
    });
    return result.length > 0;
  };

  const empty: string[] = [];
  for (const { title, targets } of panels)
    for (const { refId, expr, instant: isInstant } of targets)
      if (!(await (isInstant ? instant : range)(unfiltered(expanded(expr)))))
        empty.push(`${title}, query ${refId}`);
  for (const { name, expr } of dashboard.annotations.list)
    if (!(await range(expanded(expr)))) empty.push(`annotation ${name}`);
  for (const { name, definition } of dashboard.templating.list) {
    const [, metric = '', label = ''] = /^label_values\((\w+), (\w+)\)$/.exec(definition ?? '') ?? [];
    if (definition === undefined) continue;
    const found = await watcher.ask<readonly string[]>(`label/${label}/values`, { 'match[]': metric });
    if (found.length === 0) empty.push(`variable ${name}`);
  }
  return empty;
}

/** Where only what is not zero is drawn, and else one line of zeros, the line must not stand for a metric that is not there. */
const unfiltered = (expr: string): string => expr.replace(/ > 0 or on\(\) label_replace\(.*$/, '');
