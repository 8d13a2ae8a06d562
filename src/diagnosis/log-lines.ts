/** Brings a container log down to the lines that CoreDNS itself wrote. Below everything that matches such lines. */

/** RFC 3339, as the runtime, `kubectl logs --timestamps` and CoreDNS 1.2.6 to 1.6.2 write it. */
const TIMESTAMP = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)`;
const CRI_PREFIX = new RegExp(`^${TIMESTAMP} (?:stdout|stderr) ([FP])(?::\\S+)? `);
/** Go's own date of older releases, `kubectl logs --prefix`, and time stamps; one line may carry several. */
const DATE_PREFIXES = new RegExp(
  `^(?:(?:\\[pod/\\S+\\]|${TIMESTAMP}|\\d{4}/\\d\\d/\\d\\d \\d\\d:\\d\\d:\\d\\d(?:\\.\\d+)?) )+`,
);

/**
 * What may stand before a line is a closed list, so that a caller can anchor at the start of what is left.
 * That anchor is the whole defence against forgery: query names reach the log through the plugins `errors`
 * and `log`, in the default configuration too, but always behind `[ERROR]` or `[INFO]`.
 */
export function plainLines(log: string): readonly string[] {
  const lines: string[] = [];
  let continues = false;
  for (const raw of log.split(/\r?\n/)) {
    const unwrapped = unwrapJson(raw);
    const cri = CRI_PREFIX.exec(unwrapped);
    // The rest of a line that the runtime cut in two starts wherever the cut fell, possibly inside a query name.
    const isRest = continues && cri !== null;
    continues = cri?.[1] === 'P';
    if (isRest) continue;
    const plain = unwrapped.slice(cri?.[0].length ?? 0).replace(DATE_PREFIXES, '');
    if (plain !== '') lines.push(plain);
  }
  return lines;
}

/**
 * By the banner that CoreDNS prints at its start. It must fill its line: with a log format of one's own a client
 * can put `[INFO] CoreDNS-1.2.2.` there, but never without the final dot of a name.
 */
export function corednsVersion(lines: readonly string[]): string | undefined {
  const banners = lines.map((line) => /^(?:\[INFO\] )?CoreDNS-v?(\d+\.\d+\.\d+(?:[-+]\S*\w)?)$/.exec(line));
  return banners.findLast((match) => match !== null)?.[1];
}

/** Docker's json-file objects, and lines that a log viewer saved as JSON strings; cut-off ones still count. */
function unwrapJson(raw: string): string {
  if (!raw.startsWith('"') && !raw.startsWith('{"log":"')) return raw;
  const body = raw.slice(raw.startsWith('"') ? 1 : '{"log":"'.length);
  const end = /(?<!\\)(?:\\\\)*"/.exec(body);
  const text = body.slice(0, end ? end.index + end[0].length - 1 : undefined);
  // Only what stands before the first line break: what follows it may be a forged second line.
  return firstLine(text).replace(/\\(u[0-9a-fA-F]{4}|.)/g, (_whole, escape: string) => {
    if (escape.length === 5) return String.fromCharCode(Number.parseInt(escape.slice(1), 16));
    return escape === 't' ? '\t' : escape;
  });
}

function firstLine(jsonText: string): string {
  const lineBreak = /(?<!\\)(?:\\\\)*\\[nr]/.exec(jsonText);
  return lineBreak ? jsonText.slice(0, lineBreak.index + lineBreak[0].length - 2) : jsonText;
}
