/** The byte-exact edit of a kubelet configuration: `resolvConf` gets a new value, every other byte stays. Pure. */
import { isDeepStrictEqual } from 'node:util';
import { isMap, isScalar, type Scalar } from 'yaml';
import { Refused } from '../../api/refused.ts';
import {
  type KubeletConfig,
  keyOf,
  RESOLV_CONF_KEY,
  readKubeletConfig,
} from '../../diagnosis/kubelet/kubelet-config.ts';
import { lineAt, lineOf } from '../../diagnosis/kubelet/lines.ts';

export interface Edit {
  readonly text: string;
  readonly line: number;
  /** The line before the edit; empty if one was added. */
  readonly before: string;
  readonly after: string;
}

interface Splice {
  readonly start: number;
  readonly end: number;
  readonly insert: string;
}

/** Undefined if the value is already there. Throws `Refused` if the edit cannot be proven to be the only change. */
export function editConfig(text: string, target: string, path: string): Edit | undefined {
  const config = readKubeletConfig(text, path);
  if (config.occurrences > 1)
    throw new Refused(
      'DuplicateKey',
      `The file ${path} sets ${RESOLV_CONF_KEY} ${config.occurrences} times.`,
    );
  if (config.entry.kind === 'set' && config.entry.value === target) return undefined;

  const splice =
    config.entry.kind === 'absent'
      ? addition(text, config, target, path)
      : replacement(text, config.entry.scalar, target, path, config.map.flow === true);
  const edited = text.slice(0, splice.start) + splice.insert + text.slice(splice.end);
  proveOnlyChange(config, edited, target, path);

  const leading = splice.insert.length - splice.insert.trimStart().length;
  const changed = splice.start + (config.entry.kind === 'absent' ? leading : 0);
  const added = config.entry.kind === 'absent' && config.map.flow !== true;
  return {
    text: edited,
    line: lineOf(edited, changed),
    before: added ? '' : lineAt(text, splice.start),
    after: lineAt(edited, changed),
  };
}

function replacement(text: string, scalar: Scalar, target: string, path: string, flow: boolean): Splice {
  if (!scalar.range || scalar.tag?.startsWith('!') || scalar.type?.startsWith('BLOCK'))
    throw new Refused(
      'ConfigNotParseable',
      `The value of ${RESOLV_CONF_KEY} in ${path} is a block scalar or has a tag.`,
    );
  const [start, end] = scalar.range;
  if (start !== end) return { start, end, insert: written(target, scalar, flow) };
  // `resolvConf:` without a value: the new one needs a space after the colon and before what follows.
  const before = text[start - 1] === ':' ? ' ' : '';
  const after = /^[^\s,}\]]/.test(text.slice(start)) ? ' ' : '';
  return { start, end, insert: `${before}${written(target, scalar, flow)}${after}` };
}

function written(target: string, scalar: Scalar, flow: boolean): string {
  if (scalar.type === 'QUOTE_SINGLE') return `'${target.replaceAll("'", "''")}'`;
  // A null in braces may be JSON, where a plain word is invalid.
  if (scalar.type === 'QUOTE_DOUBLE' || (flow && scalar.value === null)) return JSON.stringify(target);
  return target;
}

/**
 * Not at the end of the file, where a block scalar or a document end marker may be, but after the line with `kind`,
 * which every kubelet configuration has and which is a single line.
 */
function addition(text: string, config: KubeletConfig, target: string, path: string): Splice {
  const unclear = new Refused('ConfigNotParseable', `The file ${path} has no safe place to add a line.`);
  if (!isMap(config.map) || !config.map.range) throw unclear;
  if (config.map.flow === true) {
    const start = config.map.range[0] + 1;
    const space = /^\s*/.exec(text.slice(start))?.[0] ?? '';
    return {
      start,
      end: start,
      insert: `${space}${JSON.stringify(RESOLV_CONF_KEY)}: ${JSON.stringify(target)},`,
    };
  }
  const kind = config.map.items.find((pair) => keyOf(pair) === 'kind');
  if (!isScalar(kind?.key) || !isScalar(kind.value) || !kind.key.range || !kind.value.range) throw unclear;
  const lineStart = text.lastIndexOf('\n', kind.key.range[0]) + 1;
  // The key may follow `--- ` on its line; the new line then starts in the column of the mapping's other keys.
  const indent = ' '.repeat(kind.key.range[0] - lineStart - (text.charCodeAt(lineStart) === 0xfeff ? 1 : 0));
  const line = `${indent}${RESOLV_CONF_KEY}: ${target}`;
  const lineEnd = text.indexOf('\n', kind.value.range[1]);
  if (lineEnd < 0) {
    // The file has no final line break: only the one between the two lines is added.
    const eol = text.includes('\r\n') ? '\r\n' : '\n';
    return { start: text.length, end: text.length, insert: `${eol}${line}` };
  }
  const eol = text[lineEnd - 1] === '\r' ? '\r\n' : '\n';
  return { start: lineEnd + 1, end: lineEnd + 1, insert: `${line}${eol}` };
}

/** Last check: a document that differs in anything else is never written. */
function proveOnlyChange(before: KubeletConfig, edited: string, target: string, path: string): void {
  const after = readKubeletConfig(edited, path);
  const expected = { ...before.json, [RESOLV_CONF_KEY]: target };
  if (after.occurrences !== 1 || !isDeepStrictEqual({ ...after.json }, expected))
    throw new Refused('ConfigNotParseable', `The edit of ${path} would change more than ${RESOLV_CONF_KEY}.`);
}
