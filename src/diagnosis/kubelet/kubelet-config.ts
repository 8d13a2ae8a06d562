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

/** `path` is only for messages. */
export function readKubeletConfig(text: string, path: string): KubeletConfig {
  const document = onlyDocument(text, path);
  const map = document.contents;
  if (!isMap(map)) throw unreadable(path, 'is not a YAML mapping');
  refuseReferences(document, path);

  const json = document.toJS({ maxAliasCount: 0 }) as Record<string, unknown>;
  if (json['kind'] !== 'KubeletConfiguration')
    throw unreadable(path, `has kind ${JSON.stringify(json['kind'])}`);
  if (!String(json['apiVersion']).startsWith('kubelet.config.k8s.io/'))
    throw unreadable(path, `has apiVersion ${JSON.stringify(json['apiVersion'])}`);

  const pairs = map.items.filter((pair) => keyOf(pair) === RESOLV_CONF_KEY);
  const last = pairs.at(-1);
  return {
    map,
    json,
    occurrences: pairs.length,
    entry: last ? entryOf(last, text, path) : { kind: 'absent' },
  };
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
  if (isTooDeep(text)) throw unreadable(path, `is nested more than ${MAX_DEPTH} levels deep`);
  const documents = parseAllDocuments(text, {
    // The kubelet accepts duplicate keys, the last one wins; so does this.
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'error',
  });
  if (!Array.isArray(documents)) throw unreadable(path, 'does not hold a document');
  const [first, ...others] = documents;
  // The kubelet reads the first document and ignores the others, such as the empty one after a final `---`.
  if (first === undefined || !others.every(({ contents }) => isEmpty(contents)))
    throw unreadable(path, 'does not hold exactly one document');
  const problem = documents.flatMap(({ errors }) => errors)[0];
  if (problem) throw unreadable(path, `is not valid YAML: ${problem.message.replace(/\.$/, '')}`);
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
        throw unreadable(path, 'has YAML anchors or aliases');
    },
    Pair(_key, pair) {
      if (keyOf(pair) === '<<') throw unreadable(path, 'has a YAML merge key');
    },
  });
}

function entryOf(pair: Pair, text: string, path: string): ResolvConfEntry {
  const scalar = pair.value;
  if (!isScalar(scalar) || !scalar.range)
    throw unreadable(path, `has a ${RESOLV_CONF_KEY} that is not a string`);
  const line = lineOf(text, isScalar(pair.key) && pair.key.range ? pair.key.range[0] : scalar.range[0]);
  if (scalar.value === null) return { kind: 'null', line, scalar };
  if (typeof scalar.value !== 'string')
    throw unreadable(path, `has a ${RESOLV_CONF_KEY} that is not a string`);
  return { kind: 'set', line, value: scalar.value, scalar };
}

function unreadable(path: string, what: string): Refused {
  return new Refused('ConfigNotParseable', `The file ${path} ${what}.`);
}
