/** Tells what a file holds: the plain input, a mapping of facts, or an entry that wraps either (`text`, `context`, `input`). */

import { parse } from 'yaml';
import { isRecord } from '../../api/is-record.ts';
import { type Facts, Unclassifiable } from './answer.ts';
import type { Input } from './classify.ts';

/** A cheap look before the text is parsed: most inputs are no entry, and a log is not YAML. */
const MAY_BE_ENTRY = /(?:^|[{,])[ \t]*(?:- +)?["']?(?:text|input)["']?[ \t]*:/m;

export interface Entry {
  /** As the entry says. */
  readonly kind: string | undefined;
  readonly input: Input;
}

/** An entry is small; a log of many megabytes is none. */
const MAX_ENTRY = 1 << 20;
/** A mapping with one of these keys and one of the others is an entry. */
const INPUT_KEYS: readonly string[] = ['text', 'input'];
const INPUT_OF_LOOP: readonly string[] = ['log', 'text'];
const ENTRY_KEYS: readonly string[] = ['id', 'source', 'kind', 'context', 'expected'];

/** `context` is what the caller adds; it takes precedence. @throws Unclassifiable */
export function readEntry(text: string, context: Facts, factKinds: readonly string[], kind?: string): Entry {
  const entry = entryIn(text);
  if (entry) return fromEntry(entry, context);
  if (kind !== undefined && factKinds.includes(kind)) {
    const facts = mappingIn(text);
    // A line of a log can be a mapping in YAML as well: `plugin/forward: no nameservers found`.
    if (facts && (kind !== 'loop' || INPUT_OF_LOOP.some((key) => key in facts)))
      return { kind: undefined, input: { form: 'facts', facts: { ...facts, ...context } } };
  }
  return { kind: undefined, input: { form: 'text', text, context } };
}

function fromEntry(entry: Facts, added: Facts): Entry {
  const kind = typeof entry['kind'] === 'string' ? entry['kind'] : undefined;
  const context = { ...(isRecord(entry['context']) ? entry['context'] : {}), ...added };
  const { input, text } = entry;
  if (isRecord(input)) return { kind, input: { form: 'facts', facts: { ...input, ...context } } };
  const plain = text ?? input;
  if (typeof plain !== 'string')
    throw new Unclassifiable('its text or input is neither a text nor a mapping');
  return { kind, input: { form: 'text', text: plain, context } };
}

function entryIn(text: string): Facts | null {
  if (text.length > MAX_ENTRY || !MAY_BE_ENTRY.test(text)) return null;
  const value = parsed(text);
  const list = isRecord(value) && Array.isArray(value['vectors']) ? value['vectors'] : value;
  if (Array.isArray(list)) {
    const entries = list.filter(isEntry);
    if (entries.length === 0) return null;
    if (entries.length > 1)
      throw new Unclassifiable(`it holds ${entries.length} entries; give one at a time`);
    return entries[0] ?? null;
  }
  return isEntry(value) ? value : null;
}

const isEntry = (value: unknown): value is Facts =>
  isRecord(value) && INPUT_KEYS.some((key) => key in value) && ENTRY_KEYS.some((key) => key in value);

function mappingIn(text: string): Facts | null {
  const value = parsed(text);
  return isRecord(value) ? value : null;
}

/** Null for what is not YAML. */
function parsed(text: string): unknown {
  try {
    return parse(text, { logLevel: 'error', maxAliasCount: 100, uniqueKeys: false });
  } catch (error) {
    if (error instanceof Error) return null;
    throw error;
  }
}
