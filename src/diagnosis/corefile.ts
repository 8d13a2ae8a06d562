/** Parses a Corefile as far as needed to know which servers are asked for ".". */
import { type Token, tokenize } from './corefile-tokens.ts';
import { DEFAULT_PORTS, type Scheme, splitScheme } from './endpoint.ts';

interface Directive {
  readonly name: string;
  readonly args: readonly string[];
  readonly line: number;
}

interface Address {
  /** As written. */
  readonly text: string;
  readonly scheme: Scheme;
  /** Lower case, with the final dot. Null if it is set by an environment variable. */
  readonly zone: string | null;
  /** Null if it is set by an environment variable. */
  readonly port: number | null;
}

export interface ServerBlock {
  readonly addresses: readonly Address[];
  readonly directives: readonly Directive[];
  /** Imported files; their content is unknown. */
  readonly imports: readonly string[];
}

export interface Corefile {
  readonly kind: 'corefile';
  readonly blocks: readonly ServerBlock[];
  /** Files imported beside the blocks, which contain further blocks; their content is unknown. */
  readonly imports: readonly string[];
}

interface CorefileSyntaxError {
  readonly kind: 'syntax-error';
  readonly line: number;
  readonly message: string;
}

/** Never throws: a text that CoreDNS would reject is returned as a syntax error. */
export function parseCorefile(text: string): Corefile | CorefileSyntaxError {
  const tokens = tokenize(text);
  const snippets = new Map<string, readonly Directive[]>();
  const blocks: ServerBlock[] = [];
  const imports: string[] = [];
  let at = 0;
  const fail = (message: string): CorefileSyntaxError => ({
    kind: 'syntax-error',
    line: (tokens[at] ?? tokens.at(-1))?.line ?? 1,
    message,
  });

  while (at < tokens.length) {
    if (tokens[at]?.text === 'import' && startsLine(tokens, at)) {
      const end = endOfLine(tokens, at);
      imports.push(...tokens.slice(at + 1, end).map(({ text }) => text));
      at = end;
      continue;
    }
    const keys: string[] = [];
    let more = true;
    while (more) {
      const token = tokens[at];
      if (!token || is(token, '{')) break;
      if (is(token, '}')) return fail("unexpected '}' where a server block should start");
      keys.push(token.text.replace(/,$/, ''));
      at += 1;
      // After a comma the list continues on the next line.
      more = token.text.endsWith(',') || !startsLine(tokens, at);
    }
    if (keys.length === 0) return fail('server block without a zone');

    const braced = is(tokens[at], '{');
    if (braced) at += 1;
    const body = readDirectives(tokens, at, braced);
    if ('message' in body) return body;
    at = body.end;
    const snippet = keys.length === 1 ? /^\((.+)\)$/.exec(keys[0] ?? '')?.[1] : undefined;
    if (snippet !== undefined) snippets.set(snippet, body.directives);
    else blocks.push(toBlock(keys, body.directives, snippets));
  }
  return { kind: 'corefile', blocks, imports };
}

type Body = { readonly directives: readonly Directive[]; readonly end: number } | CorefileSyntaxError;

/** Without braces the rest of the text is one block, which CoreDNS accepts. */
function readDirectives(tokens: readonly Token[], start: number, braced: boolean): Body {
  const directives: Directive[] = [];
  let at = start;
  for (let token = tokens[at]; token; token = tokens[at]) {
    if (is(token, '}')) {
      if (braced) return { directives, end: at + 1 };
      return { kind: 'syntax-error', line: token.line, message: "unexpected '}'" };
    }
    const args: string[] = [];
    let depth = 0;
    at += 1;
    for (let next = tokens[at]; next; next = tokens[at]) {
      if (depth === 0 && (startsLine(tokens, at) || is(next, '}')) && !is(next, '{')) break;
      if (is(next, '{')) depth += 1;
      else if (is(next, '}')) depth -= 1;
      else if (depth === 0) args.push(next.text);
      at += 1;
    }
    if (depth > 0)
      return { kind: 'syntax-error', line: token.line, message: `'${token.text}' is not closed` };
    directives.push({ name: token.text, args, line: token.line });
  }
  if (!braced) return { directives, end: at };
  return { kind: 'syntax-error', line: tokens[start - 1]?.line ?? 1, message: "missing '}'" };
}

function toBlock(
  keys: readonly string[],
  directives: readonly Directive[],
  snippets: ReadonlyMap<string, readonly Directive[]>,
): ServerBlock {
  const imports: string[] = [];
  const expand = (list: readonly Directive[], depth: number): readonly Directive[] =>
    list.flatMap((directive) => {
      if (directive.name !== 'import') return [directive];
      const name = directive.args[0] ?? '';
      const snippet = snippets.get(name);
      // A snippet can use only earlier ones, so the depth is bounded, except for a snippet that is defined twice.
      if (snippet && depth < 10) return expand(snippet, depth + 1);
      imports.push(name);
      return [];
    });
  return { addresses: keys.map(parseAddress), directives: expand(directives, 0), imports };
}

/** `.`, `.:53`, `:53`, `dns://example.org:1053`, `10.0.0.0/24`, `.:{$PORT}`, `{$ZONE}:53`. */
function parseAddress(text: string): Address {
  const { scheme, rest } = splitScheme(text);
  const [, host = rest, port] = /^(.*?):(\d{1,5}|\{\S*\})$/.exec(rest) ?? [];
  // A reverse zone in IPv6 CIDR notation contains colons that are not followed by a port.
  const name = (rest.includes('/') && !/\/\d+:/.test(rest) ? rest : host).toLowerCase();
  const isUnknown = name.includes('{');
  const zone = name === '' || name === '.' ? '.' : `${name.replace(/\.$/, '')}.`;
  // A variable may stand for the zone and the port.
  const usual = isUnknown ? null : DEFAULT_PORTS[scheme];
  return {
    text,
    scheme,
    zone: isUnknown ? null : zone,
    port: port === undefined ? usual : /^\d+$/.test(port) ? Number(port) : null,
  };
}

function is(token: Token | undefined, brace: '{' | '}'): boolean {
  return token !== undefined && token.text === brace && !token.quoted;
}

function startsLine(tokens: readonly Token[], at: number): boolean {
  return at === 0 || (tokens[at]?.line ?? Number.POSITIVE_INFINITY) > (tokens[at - 1]?.line ?? 0);
}

function endOfLine(tokens: readonly Token[], start: number): number {
  let at = start + 1;
  while (at < tokens.length && !startsLine(tokens, at)) at += 1;
  return at;
}
