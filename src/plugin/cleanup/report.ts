/** What a cleanup did: a line for each object as it happens, or one object for scripts at the end. */
import { print } from '../terminal/print.ts';
import type { PluginContext } from '../verb.ts';
import type { Outcome } from './carry-out.ts';

type Result = Outcome['result'] | 'would';

/** The names are an interface: scripts read them with `-o json`. */
interface Entry {
  /** node/NAME, node/NAME/status, node/NAME/label, dnsremediation/NAME, NAMESPACE/job/NAME or NAMESPACE/pod/NAME. */
  readonly object: string;
  readonly result: Result;
  readonly message: string;
}

export interface Report {
  /** The last entry of an object counts. */
  add(object: string, entry: Omit<Entry, 'object'>): void;
  /** What could not be read this time. */
  unread(sentences: readonly string[]): void;
  count(result: Result): number;
  /** Something could not be read. */
  isIncomplete(): boolean;
  /** What is printed at the end. */
  print(): Promise<void>;
}

export function createReport(
  { out, err, format }: PluginContext,
  about: { readonly dryRun: boolean; readonly operator: string },
): Report {
  const entries = new Map<string, Entry>();
  const unread = new Set<string>();
  const isText = format === 'table';
  const count = (wanted: Result): number =>
    [...entries.values()].filter(({ result }) => result === wanted).length;
  return {
    add(object, entry) {
      entries.set(object, { object, ...entry });
      if (isText) out.line(`${object}: ${entry.message}`);
    },
    unread(sentences) {
      for (const sentence of sentences) {
        if (!unread.has(sentence)) err.line(`warning: ${sentence}`);
        unread.add(sentence);
      }
    },
    count,
    isIncomplete: () => unread.size > 0,
    async print() {
      const objects = [...entries.values()];
      if (!isText) return print({ out, format }, { ...about, objects, unread: [...unread] }, () => '');
      if (objects.length > 0) out.line(summary(count));
      else if (unread.size === 0) out.line('The operator has left nothing.');
    },
  };
}

const summary = (count: (result: Result) => number): string =>
  `${(['done', 'would', 'kept', 'left', 'failed'] as const)
    .filter((result) => count(result) > 0)
    .map((result) => `${count(result)} ${WORDS[result]}`)
    .join(', ')}.`;

const WORDS: Readonly<Record<Result, string>> = {
  done: 'done',
  would: 'found',
  kept: 'kept',
  left: 'left',
  failed: 'failed',
};
