/** Kubernetes objects from saved text: JSON, YAML, lists, and what `kubectl cluster-info dump` prints in one piece. Pure. */
import { parseAllDocuments } from 'yaml';
import * as z from 'zod';

const objectSchema = z.looseObject({
  kind: z.string(),
  metadata: z.looseObject({ name: z.string().nullish() }).nullish(),
  items: z.array(z.unknown()).nullish(),
});

export interface SavedObject {
  readonly kind: string;
  readonly name: string;
  readonly raw: unknown;
}

/** The log of one container within a dump. */
export interface DumpedLog {
  readonly pod: string;
  readonly container: string;
  readonly text: string;
}

export interface SavedObjects {
  readonly objects: readonly SavedObject[];
  readonly logs: readonly DumpedLog[];
}

/** YAML takes a hundred times the memory and time of JSON. */
const MAX_YAML = 4_194_304;
/** An object of the API is some twenty levels deep. */
const MAX_DEPTH = 100;

/** @throws Error that says what is wrong with the text, in words that follow the name of the file */
export function parseObjects(text: string): SavedObjects {
  if (!text.trimStart().startsWith('{')) return { objects: flatten(parseYaml(text)), logs: [] };
  try {
    return { objects: flatten([JSON.parse(text)]), logs: [] };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const parts = splitDump(text);
    if (parts.documents.length === 0) throw new Error(notJson(text, error), { cause: error });
    return { objects: flatten(parts.documents), logs: parts.logs };
  }
}

function notJson(text: string, error: SyntaxError): string {
  const isCut = /end of JSON input|Unterminated/.test(error.message) || !text.trimEnd().endsWith('}');
  return isCut ? 'is cut off: its JSON has no end' : `is not valid JSON: ${error.message}`;
}

function parseYaml(text: string): readonly unknown[] {
  if (text.length > MAX_YAML)
    throw new Error(`is more than ${MAX_YAML / 1_048_576} MiB of YAML; save it with \`-o json\``);
  if (depthOf(text) > MAX_DEPTH) throw new Error(`is nested more than ${MAX_DEPTH} levels deep`);
  const documents = parseAllDocuments(text, { prettyErrors: false, logLevel: 'error' });
  if (!Array.isArray(documents)) return [];
  return documents.map((document) => {
    const [problem] = document.errors;
    if (problem) throw new Error(`is not valid YAML, or is cut off: ${problem.message}`);
    // No aliases: kubectl writes none, and a few lines of them expand to gigabytes.
    return document.toJS({ maxAliasCount: 0 }) as unknown;
  });
}

function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    depth = Math.max(0, depth + (bracket === '[' || bracket === '{' ? 1 : -1));
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}

function flatten(documents: readonly unknown[]): readonly SavedObject[] {
  return documents.flatMap((raw): readonly SavedObject[] => {
    const parsed = objectSchema.safeParse(raw);
    if (!parsed.success) return [];
    const { kind, metadata, items } = parsed.data;
    if (!items) return [{ kind, name: metadata?.name ?? '', raw }];
    // The items of a typed list, such as PodList, may come without their kind.
    const itemKind = kind === 'List' ? undefined : kind.replace(/List$/, '');
    return flatten(
      items.map((item) =>
        itemKind !== undefined && item !== null && typeof item === 'object'
          ? { kind: itemKind, ...item }
          : item,
      ),
    );
  });
}

const LOG_START = /^==== START logs for container (\S+) of pod (?:\S+\/)?(\S+) ====$/;
const LOG_END = /^==== END logs for container /;

/** The lists of a dump follow one another, each from a line `{` to a line `}`, and then the logs. */
function splitDump(text: string): {
  readonly documents: readonly unknown[];
  readonly logs: readonly DumpedLog[];
} {
  const documents: unknown[] = [];
  let json: string[] | undefined;
  for (const line of text.split('\n')) {
    if (line === '{') json = [];
    json?.push(line);
    if (line !== '}' || !json) continue;
    try {
      documents.push(JSON.parse(json.join('\n')));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      return { documents: [], logs: [] };
    }
    json = undefined;
  }
  // A list that has no end was cut off.
  return json === undefined ? { documents, logs: dumpedLogs(text) } : { documents: [], logs: [] };
}

/** The logs in a dump; of `logs.txt` in a directory of one, usually a single one. */
export function dumpedLogs(text: string): readonly DumpedLog[] {
  const logs: { pod: string; container: string; lines: string[] }[] = [];
  let open = false;
  for (const line of text.split('\n')) {
    const [, container, pod] = LOG_START.exec(line) ?? [];
    if (container !== undefined && pod !== undefined) {
      logs.push({ pod, container, lines: [] });
      open = true;
    } else if (LOG_END.test(line)) open = false;
    else if (open) logs.at(-1)?.lines.push(line);
  }
  return logs.map(({ lines, ...log }) => ({ ...log, text: lines.join('\n') }));
}
