/** Reads a KubeletConfiguration as the kubelet's loader does: the value of `resolvConf` and its place in the file. */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  type Pair,
  parseAllDocuments,
  type Scalar,
  visit,
  type YAMLMap,
} from 'yaml';
import { Refused } from '../../api/refused.ts';
import { lineOf } from './lines.ts';

export const RESOLV_CONF_KEY = 'resolvConf';

type ResolvConfEntry =
  | { readonly kind: 'absent' }
  /** The kubelet treats `null` as absent, but the key can be edited. */
  | { readonly kind: 'null'; readonly line: number; readonly scalar: Scalar }
  | { readonly kind: 'set'; readonly line: number; readonly value: string; readonly scalar: Scalar };

export interface KubeletConfig {
  readonly map: YAMLMap;
  readonly entry: ResolvConfEntry;
  /** How often the key occurs. The kubelet uses the last one; duplicates are never edited. */
  readonly occurrences: number;
  readonly json: Readonly<Record<string, unknown>>;
}

/** Why a file is not read, in one word. */
export type ConfigProblem =
  | 'too-deep'
  | 'invalid-yaml'
  | 'several-documents'
  | 'not-a-mapping'
  | 'references'
  | 'missing-kind'
  | 'wrong-kind'
  | 'missing-api-version'
  | 'wrong-api-version'
  | 'not-a-string';

export class UnreadableConfig extends Refused {
  readonly problem: ConfigProblem;

  constructor(problem: ConfigProblem, path: string, what: string) {
    super('ConfigNotParseable', `The file ${path} ${what}.`);
    this.problem = problem;
  }
}

/** `path` is only for messages. @throws UnreadableConfig */
export function readKubeletConfig(text: string, path: string): KubeletConfig {
  const { document, map } = mappingIn(text, path);
  refuseReferences(document, path);
  const json = document.toJS({ maxAliasCount: 0 }) as Record<string, unknown>;
  refuseOtherKinds(json, path);
  const pairs = map.items.filter((pair) => keyOf(pair) === RESOLV_CONF_KEY);
  const last = pairs.at(-1);
  return {
    map,
    json,
    occurrences: pairs.length,
    entry: last ? entryOf(last, text, path) : { kind: 'absent' },
  };
}

/** More than what a document of this kind has, and too few for a bomb. */
const MAX_ALIASES = 100;

/** The value alone, for reading only: anchors are followed as the kubelet does. Undefined if the key is absent or null. */
export function valueInConfig(
  text: string,
  path: string,
): { readonly value: string | undefined; readonly occurrences: number } {
  const { document, map } = mappingIn(text, path);
  const json = document.toJS({ maxAliasCount: MAX_ALIASES }) as Record<string, unknown>;
  refuseOtherKinds(json, path);
  const value = json[RESOLV_CONF_KEY] ?? undefined;
  if (value !== undefined && typeof value !== 'string')
    throw new UnreadableConfig('not-a-string', path, `has a ${RESOLV_CONF_KEY} that is not a string`);
  return { value, occurrences: map.items.filter((pair) => keyOf(pair) === RESOLV_CONF_KEY).length };
}

function mappingIn(text: string, path: string): { readonly document: Document; readonly map: YAMLMap } {
  const document = onlyDocument(text, path);
  const map = document.contents;
  if (!isMap(map)) throw new UnreadableConfig('not-a-mapping', path, 'is not a YAML mapping');
  return { document, map };
}

function refuseOtherKinds({ kind, apiVersion }: Readonly<Record<string, unknown>>, path: string): void {
  if (kind !== 'KubeletConfiguration')
    throw new UnreadableConfig(
      kind === undefined ? 'missing-kind' : 'wrong-kind',
      path,
      `has kind ${JSON.stringify(kind)}`,
    );
  if (!String(apiVersion).startsWith('kubelet.config.k8s.io/'))
    throw new UnreadableConfig(
      apiVersion === undefined ? 'missing-api-version' : 'wrong-api-version',
      path,
      `has apiVersion ${JSON.stringify(apiVersion)}`,
    );
}

export function keyOf(pair: Pair): unknown {
  return isScalar(pair.key) ? pair.key.value : undefined;
}

/** A kubelet configuration is five levels deep. Every further level costs memory, until the reader is OOM-killed. */
const MAX_DEPTH = 100;

/** Estimated before anything is parsed: open brackets, and indicators that nest within one line. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    depth = Math.max(0, depth + (bracket === '[' || bracket === '{' ? 1 : -1));
    if (depth > MAX_DEPTH) return true;
  }
  return new RegExp(`(?:[-?:][ \\t]+){${MAX_DEPTH}}`).test(text);
}

function onlyDocument(text: string, path: string): Document {
  if (isTooDeep(text))
    throw new UnreadableConfig('too-deep', path, `is nested more than ${MAX_DEPTH} levels deep`);
  const documents = parseAllDocuments(text, {
    // The kubelet accepts duplicate keys, the last one wins; so does this.
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'error',
  });
  if (!Array.isArray(documents))
    throw new UnreadableConfig('not-a-mapping', path, 'does not hold a document');
  const [first, ...others] = documents;
  // The kubelet reads the first document and ignores the others, such as the empty one after a final `---`.
  if (first === undefined || !others.every(({ contents }) => isEmpty(contents)))
    throw new UnreadableConfig('several-documents', path, 'does not hold exactly one document');
  const problem = documents.flatMap(({ errors }) => errors)[0];
  if (problem)
    throw new UnreadableConfig(
      'invalid-yaml',
      path,
      `is not valid YAML: ${problem.message.replace(/\.$/, '')}`,
    );
  return first;
}

const isEmpty = (contents: unknown): boolean =>
  contents === null || (isScalar(contents) && contents.value === null);

/**
 * With anchors, aliases and merge keys an edit in one place changes another. No known tool writes them into this file,
 * so they are refused; that also stops alias bombs before they expand.
 */
function refuseReferences(document: Document, path: string): void {
  visit(document, {
    Node(_key, node) {
      if (isAlias(node) || (node as { anchor?: string }).anchor !== undefined)
        throw new UnreadableConfig('references', path, 'has YAML anchors or aliases');
    },
    Pair(_key, pair) {
      if (keyOf(pair) === '<<') throw new UnreadableConfig('references', path, 'has a YAML merge key');
    },
  });
}

function entryOf(pair: Pair, text: string, path: string): ResolvConfEntry {
  const scalar = pair.value;
  if (!isScalar(scalar) || !scalar.range)
    throw new UnreadableConfig('not-a-string', path, `has a ${RESOLV_CONF_KEY} that is not a string`);
  const line = lineOf(text, isScalar(pair.key) && pair.key.range ? pair.key.range[0] : scalar.range[0]);
  if (scalar.value === null) return { kind: 'null', line, scalar };
  if (typeof scalar.value !== 'string')
    throw new UnreadableConfig('not-a-string', path, `has a ${RESOLV_CONF_KEY} that is not a string`);
  return { kind: 'set', line, value: scalar.value, scalar };
}
