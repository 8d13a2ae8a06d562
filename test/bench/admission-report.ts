/** The section on admission: how long a write takes with and without the policies of the installation. */
import { machine, median, percentile, today } from './statistics.ts';

export interface AdmissionFigures {
  readonly rounds: number;
  readonly rows: readonly {
    readonly what: string;
    /** Milliseconds of each round. */
    readonly without: readonly number[];
    readonly with: readonly number[];
  }[];
}

export function admissionReport({ rounds, rows }: AdmissionFigures): string {
  const lines = rows.map(({ what, without, with: withThem }) => {
    const differences = withThem.map((figure, round) => figure - (without[round] ?? Number.NaN));
    const figures = [median(without), median(withThem), median(differences), percentile(withThem, 0.99)];
    return `| ${what} | ${figures.map((figure) => `${figure.toFixed(2)} ms`).join(' | ')} |`;
  });
  return `\`npm run bench:admission\`, ${today()}: the same dry run in turn against two real API servers, of which one has the admission
policies of \`config/admission\`. ${rounds} rounds. ${machine()}.

| write | without | with | added (median of the differences) | with, 99th percentile |
| --- | --- | --- | --- | --- |
${lines.join('\n')}

The last row is what everyone else in the cluster pays: the policy of the three accounts looks at every write, and lets it
pass as soon as it is not one of theirs.
`;
}
