/** The calls of a traced run that change the host, and the strace arguments that strike at one of them. */

/** Identifies a call for strace in the next run: the nth call of that name, among those on these paths. */
export interface TracedCall {
  readonly name: string;
  readonly when: number;
  /** Name and paths, to be compared with the call that was struck. */
  readonly signature: string;
  /** Undefined for a call that names no path: strace then counts all calls of that name. */
  readonly paths: readonly string[] | undefined;
}

export interface TracedRun {
  /** Every call that changes the host, in order. */
  readonly changes: readonly { readonly call: TracedCall; readonly next: TracedCall }[];
}

/** Where the agent writes; calls on anything else (its program, its sockets) are noise. */
const HOST = /^\/(host|proc\/self\/fd|dev\/termination-log)/;
const ON_PATHS = 'openat,mkdir,rename,unlink,write,pwrite64,ftruncate,fsync,fchmod,fchown,close';
const DESCRIPTORS = Array.from({ length: 20 }, (_, i) => i + 18);
const PLAIN = 'bind';

/**
 * With the paths of the descriptors. Only the main thread: the agent's file calls are synchronous. Not with `--seccomp-bpf`,
 * which needs `-f` and stops at fewer calls: under it no signal reached the agent, and the tests took as long.
 */
const PRINTED = ['-y', '-s', '400'];

export const TRACE_ALL = [...PRINTED, '-e', `trace=${ON_PATHS},bind`];

const CALL = /^(\w+)\((.*)$/;

/** @param text the trace of a good run under `TRACE_ALL` */
export function readTrace(text: string): TracedRun {
  const lines = text.split('\n').flatMap((line) => parse(line) ?? []);
  const named = lines.flatMap((line) => line.paths).filter((path) => HOST.test(path));
  const paths = [...new Set(named.flatMap(spellings))];
  const counts = new Map<string, number>();
  const count = (key: string): number => {
    counts.set(key, (counts.get(key) ?? 0) + 1);
    return counts.get(key) ?? 0;
  };
  const calls: { call: TracedCall; isChange: boolean }[] = [];
  for (const { name, rest, paths: own, signature } of lines) {
    const plain = count(name);
    if (name !== 'bind' && own.some((path) => paths.includes(path))) {
      const call = { name, signature, when: count(`${name} on paths`), paths };
      calls.push({ call, isChange: changes(name, rest) });
    } else if (name === 'bind') {
      calls.push({ call: { name, signature, when: plain, paths: undefined }, isChange: true });
    }
  }
  return {
    changes: calls.flatMap(({ call, isChange }, i) => {
      const next = calls[i + 1]?.call;
      return isChange && next ? [{ call, next }] : [];
    }),
  };
}

/** The arguments that make strace strike at this call, and log what it struck. */
export function strike(call: TracedCall, blow: string): readonly string[] {
  const where = call.paths?.flatMap((path) => ['-P', path]) ?? [];
  const traced = call.paths ? ON_PATHS : PLAIN;
  const inject = `inject=${call.name}:${blow}:when=${call.when}`;
  return [...PRINTED, ...where, '-e', `trace=${traced}`, '-e', inject];
}

/** The signature of the call that an error was injected into, or of the last call of a killed process. */
export function struck(text: string): string | undefined {
  const lines = text.split('\n').filter((line) => CALL.test(line));
  const line = lines.find((candidate) => candidate.includes('(INJECTED)')) ?? lines.at(-1);
  return line === undefined ? undefined : parse(line)?.signature;
}

/** The number of a directory's descriptor depends on how many connections happen to be open. */
function spellings(path: string): readonly string[] {
  const [, name] = /^\/proc\/self\/fd\/\d+(.*)$/.exec(path) ?? [];
  return name === undefined ? [path] : DESCRIPTORS.map((fd) => `/proc/self/fd/${fd}${name}`);
}

function changes(name: string, rest: string): boolean {
  if (name === 'close') return false;
  return name !== 'openat' || /O_CREAT|O_TRUNC/.test(rest);
}

function parse(line: string) {
  const [, name, rest] = CALL.exec(line) ?? [];
  if (name === undefined || rest === undefined) return undefined;
  // Written content may look like anything.
  const head = name === 'write' || name === 'pwrite64' ? rest.slice(0, rest.indexOf('>') + 1) : rest;
  const paths = [...head.matchAll(/"(\/[^"]*)"|\d<(\/[^>]*)>/g)].map(
    ([, named, open]) => named ?? open ?? '',
  );
  const shown = paths.filter((path) => path !== '/');
  // Of an open only the name: a failed one has no descriptor.
  const own = name === 'openat' ? shown.slice(0, 1) : shown;
  return {
    name,
    rest,
    paths,
    signature: `${name} ${own.join(' ')}`.trim().replaceAll(/\/proc\/self\/fd\/\d+/g, '…'),
  };
}
