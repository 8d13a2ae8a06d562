/** What a saved file is, by its content first and its name second: the table of what `--dir` understands. Pure. */
import { parseCorefile } from '../../../diagnosis/corefile.ts';

export type SavedKind =
  /** The answer of the kubelet's /configz: `{"kubeletconfig": …}`. */
  | 'configz'
  /** A KubeletConfiguration, as --config or as a drop-in. */
  | 'kubelet-config'
  /** Kubernetes objects as JSON or YAML: one, a list, or several documents. */
  | 'objects'
  | 'log'
  /** `journalctl` of the kubelet. */
  | 'journal'
  /** A unit file, or `systemctl cat kubelet`. */
  | 'unit'
  | 'resolv-conf'
  /** An environment file of the kubelet, such as kubeadm-flags.env, or its command line. */
  | 'flags'
  | 'corefile';

interface Mark {
  readonly kind: SavedKind;
  readonly isIn: (text: string, path: string) => boolean;
}

/** In this order, and the first match counts: what has an unmistakable form comes before what is told by single words. */
const MARKS: readonly Mark[] = [
  { kind: 'configz', isIn: (text) => /^\s*\{\s*"kubeletconfig"\s*:/.test(text) },
  {
    kind: 'kubelet-config',
    isIn: (text) =>
      /^\s*"?kind"?\s*:\s*"?KubeletConfiguration\b/m.test(text) ||
      /"kind"\s*:\s*"KubeletConfiguration"/.test(text.slice(0, 4096)),
  },
  { kind: 'objects', isIn: isObjects },
  { kind: 'log', isIn: (text) => /^==== START logs for container /m.test(text.slice(0, 4096)) },
  {
    kind: 'unit',
    isIn: (text) => /^\[(?:Unit|Service|Install)\][ \t]*$/m.test(text) && /kubelet/i.test(text),
  },
  { kind: 'log', isIn: (text) => LOG_LINE.test(text.slice(0, 65_536)) },
  {
    kind: 'journal',
    isIn: (text) =>
      /^(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\S+) \S+ kubelet\[\d+\]: /m.test(text),
  },
  { kind: 'resolv-conf', isIn: isResolvConf },
  {
    kind: 'flags',
    isIn: (text, path) =>
      /^\s*(?:export )?\w*KUBELET\w*=/m.test(text) ||
      /(?:^|\/)kubelet[ \t]+--?\w/m.test(text) ||
      (FLAG_FILE.test(path) && /=|--/.test(text)),
  },
  { kind: 'corefile', isIn: isCorefile },
  {
    kind: 'log',
    isIn: (_text, path) => /dns[^/]*\/(?:.*\/)?[^/]*logs?(?:\.txt)?$|dns[^/]*\.log$/.test(path),
  },
];

/** Null if nothing that is known fits. `text` may be the first part of the file. */
export function recognise(path: string, text: string): SavedKind | null {
  return MARKS.find(({ isIn }) => isIn(text, path))?.kind ?? null;
}

/** What CoreDNS and its runtime write, after whatever a log viewer put before it. */
const LOG_LINES: readonly string[] = [
  String.raw`\[(?:INFO|WARNING|ERROR|FATAL)\] (?:plugin/|SIGTERM|Reloading|CoreDNS-|No files matching|\S+:\d+ - \d+ )`,
  String.raw`CoreDNS-v?\d+\.\d+\.\d+`,
  String.raw`plugin/\w+: `,
  String.raw`Listen: listen (?:tcp|udp) `,
  String.raw`\S*Corefile:\d+ - Error`,
  String.raw`(?:panic|fatal error|runtime): `,
  String.raw`(?:standard_init_linux\.go:\d+: )?exec (?:user process|\S+: \w+ )`,
  String.raw`log: (?:cannot create log|exiting)`,
  String.raw`maxprocs: `,
  String.raw`\.:\d+$`,
];
const LOG_LINE = new RegExp(`^.{0,120}?(?:^|[\\s"|>:])(?:${LOG_LINES.join('|')})`, 'm');

const FLAG_FILE = /(?:kubeadm-flags\.env|kubelet\.env|(?:default|sysconfig)\/kubelet|cmdline)$/;

function isObjects(text: string): boolean {
  const start = text.slice(0, 65_536);
  return start.trimStart().startsWith('{')
    ? /"kind"\s*:\s*"[A-Z]\w+"/.test(start) && /"apiVersion"\s*:/.test(start)
    : /^(?:- )?apiVersion: \S+/m.test(start) && /^(?: {2})?kind: [A-Z]\w+/m.test(start);
}

function isResolvConf(text: string, path: string): boolean {
  const lines = text.split('\n').map((line) => line.trim());
  const written = lines.filter((line) => line !== '' && !/^[#;]/.test(line));
  if (written.some((line) => /^nameserver\s/.test(line)) && !text.includes('{')) return true;
  if (written.length > 0) return written.every((line) => /^(?:search|domain|options|sortlist)\s/.test(line));
  return (
    /resolv[\w.-]*\.?conf/.test(path) || /systemd-resolved|No DNS servers known|NetworkManager/.test(text)
  );
}

function isCorefile(text: string, path: string): boolean {
  if (/(?:^|\/)Corefile$/.test(path)) return true;
  if (!/\{[ \t\r]*$/m.test(text)) return false;
  const parsed = parseCorefile(text);
  const directives = parsed.kind === 'corefile' ? parsed.blocks.flatMap((block) => block.directives) : [];
  return new Set(directives.map(({ name }) => name).filter((name) => PLUGINS.has(name))).size > 1;
}

/** Two of them tell a Corefile from other files with braces. */
const PLUGINS: ReadonlySet<string> = new Set([
  'cache',
  'errors',
  'forward',
  'health',
  'kubernetes',
  'loop',
  'prometheus',
  'proxy',
  'ready',
  'reload',
]);
