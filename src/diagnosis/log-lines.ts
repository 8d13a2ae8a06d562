/** Reduces a container log to the lines that CoreDNS itself wrote. Used by everything that matches such lines. */

/** RFC 3339, as written by the runtime, `kubectl logs --timestamps` and CoreDNS 1.2.6 to 1.6.2. */
const TIMESTAMP = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)`;
const CRI_PREFIX = new RegExp(`^${TIMESTAMP} (?:stdout|stderr) ([FP])(?::\\S+)? `);
/** Go's date format in older releases, `kubectl logs --prefix`, and timestamps; a line may have several. */
const DATE_PREFIXES = new RegExp(
  `^(?:(?:\\[pod/\\S+\\]|${TIMESTAMP}|\\d{4}/\\d\\d/\\d\\d \\d\\d:\\d\\d:\\d\\d(?:\\.\\d+)?) )+`,
);

/** CoreDNS 1.2.6 begins the lines of its plugins with one blank. Two blanks or a tab begin the text of something else. */
const BLANK_OF_126 = /^ (?=\S)/;

/**
 * Only a closed list of prefixes is removed, so that a caller can anchor a pattern at the start of the rest.
 * That anchor is the whole defence against forged lines: query names reach the log through the plugins `errors`
 * and `log`, even in the default configuration, but always after `[ERROR]` or `[INFO]`.
 */
export function plainLines(log: string): readonly string[] {
  const lines: string[] = [];
  let continues = false;
  for (const raw of log.split(/\r?\n/)) {
    const unwrapped = unwrapJson(raw);
    const cri = CRI_PREFIX.exec(unwrapped);
    // The second half of a line that the runtime split starts anywhere, possibly inside a query name.
    const isRest = continues && cri !== null;
    continues = cri?.[1] === 'P';
    if (isRest) continue;
    const plain = unwrapped
      .slice(cri?.[0].length ?? 0)
      .replace(DATE_PREFIXES, '')
      .replace(BLANK_OF_126, '');
    if (plain !== '') lines.push(plain);
  }
  return lines;
}

/**
 * From the banner that CoreDNS prints when it starts. The banner must fill its line: with a custom log format a
 * client can cause `[INFO] CoreDNS-1.2.2.`, but never without the final dot of a name.
 */
export function corednsVersion(lines: readonly string[]): string | undefined {
  const banners = lines.map((line) => /^(?:\[INFO\] )?CoreDNS-v?(\d+\.\d+\.\d+(?:[-+]\S*\w)?)$/.exec(line));
  return banners.findLast((match) => match !== null)?.[1];
}

/** Unwraps Docker's json-file objects and lines that a log viewer saved as JSON strings, even if they are cut off. */
function unwrapJson(raw: string): string {
  if (!raw.startsWith('"') && !raw.startsWith('{"log":"')) return raw;
  const body = raw.slice(raw.startsWith('"') ? 1 : '{"log":"'.length);
  const end = /(?<!\\)(?:\\\\)*"/.exec(body);
  const text = body.slice(0, end ? end.index + end[0].length - 1 : undefined);
  // Only up to the first line break: the text after it may be a forged second line.
  return firstLine(text).replace(/\\(u[0-9a-fA-F]{4}|.)/g, (_whole, escape: string) => {
    if (escape.length === 5) return String.fromCharCode(Number.parseInt(escape.slice(1), 16));
    return escape === 't' ? '\t' : escape;
  });
}

function firstLine(jsonText: string): string {
  const lineBreak = /(?<!\\)(?:\\\\)*\\[nr]/.exec(jsonText);
  return lineBreak ? jsonText.slice(0, lineBreak.index + lineBreak[0].length - 2) : jsonText;
}
