/**
 * Takes secrets out of text that is kept in a record: logs, a Corefile, lines of a kubelet configuration. A table of what
 * a secret looks like. Names, addresses and answers of DNS stay as they are. The repetitions have limits, so that hostile
 * text costs linear time.
 */

const SCRUBBED = '[removed]';

interface Secret {
  /** What it is, for the tests. */
  readonly kind: string;
  readonly pattern: RegExp;
  readonly replacement: string;
}

/** A name that ends with one of these holds the secret itself; `--token-file` or `tlsPrivateKeyFile` hold a path. */
const NAMES =
  'pass(?:word|wd|phrase)|pwd|secret|token|api[-_]?key|access[-_]?key(?:[-_]?id)?|private[-_]?key|client[-_]?key[-_]?data|credentials?|account[-_]?key|signature|\\bsig|cookie';
/** Quoted, or up to the next blank or separator. */
const VALUE = String.raw`(?:"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^\s,;&"'}]+)`;

const SECRETS: readonly Secret[] = [
  {
    kind: 'private key',
    // One that is cut off ends with the text.
    pattern: /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|$)/g,
    replacement: SCRUBBED,
  },
  {
    kind: 'Authorization header',
    pattern: /(\b(?:proxy-)?authorization\\?["']?\s*[:=]\s*(?:-\s+)?)\S[^\n]*/gi,
    replacement: `$1${SCRUBBED}`,
  },
  {
    kind: 'bearer or basic credentials',
    pattern: /\b(bearer|basic)(\s+)[A-Za-z0-9+/._~-]{12,}=*/gi,
    replacement: `$1$2${SCRUBBED}`,
  },
  {
    kind: 'JSON web token',
    pattern: /\beyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{10,8000}\.[A-Za-z0-9_-]*/g,
    replacement: SCRUBBED,
  },
  {
    kind: 'user and password in a URL',
    pattern: /(\b[a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/?#@"']+@/gi,
    replacement: `$1${SCRUBBED}@`,
  },
  {
    kind: 'secret by its name',
    // After the name: a colon or an equals sign, in JSON after the closing quote.
    pattern: new RegExp(String.raw`((?:${NAMES})\\?["']?\s*[:=]\s*)${VALUE}`, 'gi'),
    replacement: `$1${SCRUBBED}`,
  },
  {
    kind: 'flag with its value as the next word',
    pattern: new RegExp(String.raw`(\s--?[a-z0-9-]{0,40}?(?:${NAMES})\s+)(?!-)${VALUE}`, 'gi'),
    replacement: `$1${SCRUBBED}`,
  },
  {
    kind: 'property of a Corefile',
    // Of the plugins route53, etcd, azure, clouddns and tsig: an indented line that begins with the name.
    pattern:
      /^([ \t]+(?:aws_access_key|credentials|client_secret|azure_client_secret|secret|password|token)[ \t]+)\S[^\n]*/gim,
    replacement: `$1${SCRUBBED}`,
  },
  {
    kind: 'key of a cloud or a forge',
    pattern:
      /\b(?:(?:AKIA|ASIA)[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36,}|glpat-[A-Za-z0-9_-]{20,}|xox[abpr]-[A-Za-z0-9-]{10,})\b/g,
    replacement: SCRUBBED,
  },
];

export function scrub(text: string): string {
  return SECRETS.reduce((rest, { pattern, replacement }) => rest.replace(pattern, replacement), text);
}
