/** Takes a log out of what people and shippers wrap it in, before `log-lines.ts` reads it. For saved logs only. */

/** Only at the start of a line: a query name cannot get there, because CoreDNS begins its lines itself. */
const PREFIXES: readonly RegExp[] = [
  // journald and syslog: `Nov 26 10:00:01 node1 coredns[812]: `, also with an ISO time.
  /^(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)) [\w.-]+ [\w./@-]+(?:\[\d+\])?: /,
  // docker compose and stern: `coredns-1  | `, `coredns-5d78c-abcde coredns `.
  /^(?:\S*coredns\S*|\S*node-?local-?dns\S*) +(?:\| |(?:coredns|node-cache) (?= ?\[|\.|\d{4}|CoreDNS|plugin\/|Listen))/,
  // Quoted in a mail or an issue.
  /^(?:> ?)+/,
];
// oxlint-disable-next-line no-control-regex -- the escape sequences of terminals begin with a control character
const COLOURS = /\u001b\[[\d;]*m/g;
/** Where log shippers put the line. */
const LINE_KEYS: readonly string[] = ['log', 'message', 'msg', 'MESSAGE', 'line', 'textPayload', 'body'];

/** The banner with the release is at the beginning, and how the process ended at the end. */
const HEAD = 64 << 10;
const TAIL = 1 << 20;
/** No prefix is longer; a pattern that searches a line of megabytes for one would not come to an end. */
const MAX_PREFIX = 500;

export function unwrapSavedLog(text: string): string {
  return essence(text.replace(/^\ufeff/, ''))
    .split(/\r?\n/)
    .map((line) => withoutPrefix(fromJson(line.replace(COLOURS, ''))))
    .join('\n');
}

/** Of a long log, its two ends and what mentions the loop plugin in between. Whole lines only: half a one can be a name. */
function essence(text: string): string {
  if (text.length <= HEAD + TAIL) return text;
  const headEnd = text.lastIndexOf('\n', HEAD) + 1;
  const tailStart = text.indexOf('\n', text.length - TAIL) + 1 || text.length;
  return `${text.slice(0, headEnd)}${linesBetween(text, headEnd, tailStart)}${text.slice(tailStart)}`;
}

function linesBetween(text: string, start: number, end: number): string {
  const kept: string[] = [];
  let room = TAIL;
  let at = text.indexOf(NEEDLE, start);
  while (at !== -1 && at < end && room > 0) {
    const lineStart = text.lastIndexOf('\n', at) + 1;
    const lineEnd = text.indexOf('\n', at);
    const stop = lineEnd === -1 ? text.length : lineEnd;
    const line = text.slice(lineStart, Math.min(stop, lineStart + MAX_KEPT_LINE));
    kept.push(`${line}\n`);
    room -= line.length + 1;
    at = text.indexOf(NEEDLE, stop);
  }
  return kept.join('');
}

const NEEDLE = 'plugin/loop';
const MAX_KEPT_LINE = 16 << 10;

function withoutPrefix(line: string): string {
  const head = line.slice(0, MAX_PREFIX);
  for (const prefix of PREFIXES) {
    const rest = head.replace(prefix, '');
    if (rest !== head) return rest + line.slice(MAX_PREFIX);
  }
  return line;
}

/** Docker's own form and cut off JSON are left to `log-lines.ts`. */
function fromJson(line: string): string {
  if (!line.startsWith('{') || line.startsWith('{"log":"')) return line;
  try {
    const entry: unknown = JSON.parse(line);
    if (typeof entry !== 'object' || entry === null) return line;
    const texts = new Map<string, unknown>(Object.entries(entry));
    const found = LINE_KEYS.map((key) => texts.get(key)).find((value) => typeof value === 'string');
    // Only up to the first line break: the text after it may be a forged second line.
    return typeof found === 'string' ? (found.split(/[\r\n]/, 1)[0] ?? '') : line;
  } catch (error) {
    if (error instanceof SyntaxError) return line;
    throw error;
  }
}
