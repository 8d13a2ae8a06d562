/** Signs of a loop that the loop plugin does not report, because it is not there or because the loop began after the start. */
import type { Case, CaseAnswer } from '../case.ts';
import { askedItself, lateLoop } from '../crashes/late-loop.ts';

export interface LateSigns {
  /** The address at which CoreDNS asked itself and got no answer. */
  readonly asked: { readonly server: string; readonly line: string } | undefined;
  /** How often the limit of concurrent queries was exceeded, and the last such line. */
  readonly refusals: { readonly count: number; readonly line: string } | undefined;
  /** The pod answers for the cluster, but no external name, over both protocols. Undefined if it was not asked. */
  readonly onlyCluster: boolean | undefined;
  /** How the external questions ended. */
  readonly externalResults: readonly string[];
  /** A healthy pod elsewhere answers external names. Undefined if none was asked. */
  readonly siblingsAnswer: boolean | undefined;
}

/** One lost answer is no sign. */
const MIN_LOST = 2;

export function lateSigns({ answers, siblings }: Case, lines: readonly string[]): LateSigns {
  const shown = lines.filter((line) => lateLoop.shows(line));
  const asked = shown.flatMap((line) => {
    const server = askedItself(line);
    return server === null ? [] : [{ server, line }];
  });
  const refused = shown.filter((line) => askedItself(line) === null);
  const line = refused.at(-1);
  const external = (answers ?? []).filter(({ scope }) => scope === 'External');
  const cluster = (answers ?? []).filter(({ scope }) => scope === 'Cluster');
  const asking = siblings.flatMap((sibling) => (sibling.answers ? [sibling.answers] : []));
  return {
    asked: asked.at(-1),
    refusals: line === undefined ? undefined : { count: refused.length, line },
    onlyCluster:
      answers &&
      cluster.some(({ ok }) => ok) &&
      external.length >= MIN_LOST &&
      external.every(({ ok }) => !ok),
    externalResults: [...new Set(external.map(({ result }) => result))],
    siblingsAnswer: asking.length === 0 ? undefined : asking.some(answersExternal),
  };
}

const answersExternal = (answers: readonly CaseAnswer[]): boolean =>
  answers.some(({ scope, ok }) => scope === 'External' && ok);
