/** The columns of `check`. */
import { searchDomains } from '../../diagnosis/search-domains.ts';
import type { Column } from '../terminal/table.ts';
import type { NodeResult, Verdict } from './result.ts';

/** What a script may look for; `-o json` has the names of the report. */
const WORDS: Readonly<Record<Verdict['outcome'], string>> = {
  usable: 'usable',
  proven: 'usable',
  looping: 'loops',
  'may-loop': 'may loop',
  unusable: 'unusable',
  'no-answer': 'no answer',
  failed: 'failed',
};

export const wordOf = (result: NodeResult): string =>
  result.kind === 'not-checked' ? 'not checked' : WORDS[result.outcome];

const answersOf = (scope: 'Cluster' | 'External') => (result: NodeResult) =>
  result.kind === 'not-checked'
    ? ''
    : result.answers
        .filter((answer) => answer.scope === scope)
        .map(({ server, result: got, ms }) => `${server}=${got} (${ms} ms)`)
        .join(', ');

const resolvConfOf = (result: NodeResult) => (result.kind === 'checked' ? result.resolvConf : undefined);

export const COLUMNS: readonly Column<NodeResult>[] = [
  { title: 'NODE', of: ({ node }) => node },
  { title: 'RESULT', of: wordOf },
  { title: 'CLASS', of: (result) => resolvConfOf(result)?.class ?? '' },
  { title: 'NAMESERVERS', of: answersOf('External') },
  { title: 'CLUSTER DNS', of: answersOf('Cluster'), wide: true },
  { title: 'SEARCH', of: (result) => searchDomains(resolvConfOf(result)?.text ?? '').join(' '), wide: true },
  {
    title: 'WHY',
    of: (result) => (result.kind === 'checked' && result.outcome === 'usable' ? '' : result.message),
  },
];
