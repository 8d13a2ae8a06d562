/** The metrics and labels that an expression names. Not a parser of PromQL, which promtool has: enough for ours. */

export interface Selector {
  readonly metric: string;
  readonly labels: readonly string[];
}

interface Named {
  readonly selectors: readonly Selector[];
  /** Of `by (...)` and `on (...)`. */
  readonly groupings: readonly string[];
}

const STRING = /"(?:[^"\\]|\\.)*"/g;
/** A name that has an underscore and is no function: followed by labels, a range, or nothing that opens a call. */
const METRIC = /\b([a-z]+(?:_[a-z0-9]+)+)\b(?!\s*\()(?:\{([^}]*)\})?/g;
const GROUPING = /\b(?:by|on|without|ignoring)\s*\(([^)]*)\)/g;

export function namedIn(expr: string): Named {
  // Whatever is in a string is neither.
  const bare = expr.replace(STRING, '""');
  const groupings = [...bare.matchAll(GROUPING)].flatMap(([, list = '']) => words(list));
  const selectors = [...bare.replace(GROUPING, ' ').matchAll(METRIC)].map(([, metric = '', labels = '']) => ({
    metric,
    labels: [...labels.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => label),
  }));
  return { selectors, groupings };
}

const words = (list: string): readonly string[] => list.split(',').flatMap((word) => word.trim() || []);
