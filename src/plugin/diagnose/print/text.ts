/** The report as text that is read from top to bottom: the verdict, the pods at fault, one line for each healthy pod. Pure. */
import type { Finding } from '../../../diagnosis/examination.ts';
import type { Output } from '../../terminal/output.ts';
import type { TakenFile } from '../gathered.ts';
import type { PodReport, Report } from '../report.ts';
import { comparisonLines } from './comparison.ts';
import { columns, oneLine, wrap } from './layout.ts';

export interface TextOptions {
  readonly out: Pick<Output, 'paint'>;
  /** In characters. */
  readonly width: number;
  /** Also what is usually left out: every difference, every file, what the healthy pods answered. */
  readonly isWide: boolean;
}

export function reportText(report: Report, options: TextOptions): string {
  const { verdict, pods } = report;
  const sick = pods.filter(({ state }) => state !== 'well');
  const well = pods.filter(({ state }) => state === 'well');
  const blocks = [
    wrap(verdict.summary, options.width).map((line) =>
      options.out.paint(['bold', verdict.healthy ? 'green' : 'red'], line),
    ),
    ...sick.map((pod) => podBlock(pod, sick.length === 1, options)),
    wellBlock(well, sick.length > 0, options),
    forbiddenBlock(report, options),
    filesBlock(report, options),
  ];
  return blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n');
}

type Lines = readonly string[];

/** @param isSaid the verdict has the summary of the first finding already */
function podBlock(pod: PodReport, isSaid: boolean, options: TextOptions): Lines {
  const { findings, summary } = pod;
  return [
    options.out.paint('bold', heading(pod)),
    ...(findings.length > 0
      ? findings.flatMap((finding, at) =>
          findingLines(
            finding,
            { number: findings.length > 1 ? at + 1 : 0, isSaid: isSaid && at === 0 },
            options,
          ),
        )
      : indent(isSaid ? [] : wrap(summary, options.width - 2), 2)),
    ...section('Seen besides', evidenceLines(pod.notes, options), options),
    ...section('Would the operator repair it?', operatorLines(pod, options), options),
    ...(pod.comparison ? section(...comparisonLines(pod.comparison, options), options) : []),
    ...section('Not known', missingLines(pod, options), options),
    ...section(
      'Ruled out',
      pairs(
        pod.ruledOut.map(({ cause, why }) => [cause, why]),
        options,
      ),
      options,
    ),
  ];
}

function heading({ namespace, pod, node, workload, ready, restarts }: PodReport): string {
  const more = [
    workload,
    ready === undefined ? undefined : ready ? 'ready' : 'not ready',
    restarts === undefined ? undefined : `${restarts} restart${restarts === 1 ? '' : 's'}`,
  ].filter(Boolean);
  const where = node === undefined ? '' : ` on ${node}`;
  return `${namespace === '' ? '' : `${namespace}/`}${pod || UNNAMED}${where}${more.length > 0 ? ` (${more.join(', ')})` : ''}`;
}

/** Of saved files that do not name it. */
const UNNAMED = 'The DNS pod of these files';

function findingLines(
  finding: Finding,
  { number, isSaid }: { readonly number: number; readonly isSaid: boolean },
  options: TextOptions,
): Lines {
  const { cause, confidence, summary, evidence, remedy, commands } = finding;
  const title = `${number === 0 ? '' : `${number}. `}${cause} (${confidence} confidence)`;
  return [
    '',
    `  ${options.out.paint(['bold', 'red'], title)}`,
    ...indent(isSaid ? [] : wrap(summary, options.width - 2), 2),
    ...section('Evidence', evidenceLines(evidence, options), options),
    ...section('What to do', wrap(remedy, options.width - 4), options),
    ...section('By hand', commands.fix.map(oneLine), options),
    ...section('Check it', commands.check.map(oneLine), options),
  ];
}

const evidenceLines = (evidence: Finding['evidence'], options: TextOptions): Lines =>
  pairs(
    evidence.map(({ source, text }) => [source, text]),
    options,
  );

function operatorLines({ operator }: PodReport, options: TextOptions): Lines {
  if (operator === undefined) return [];
  const { verdict, why, record } = operator;
  const answer = {
    repairs: 'Yes.',
    'does-not-repair': 'No.',
    'not-installed': 'Not now.',
    unknown: 'Maybe.',
  }[verdict];
  const about =
    record && `Its record ${record.name} is ${record.phase}${record.message ? `: ${record.message}` : '.'}`;
  return [...wrap(`${answer} ${why}`, options.width - 4), ...(about ? wrap(about, options.width - 4) : [])];
}

function missingLines({ missing }: PodReport, options: TextOptions): Lines {
  return missing.flatMap(({ what, why, command }) => [
    ...wrap(`${capital(what)}. ${why}`, options.width - 4),
    `  ${oneLine(command)}`,
  ]);
}

function wellBlock(well: readonly PodReport[], isBesideSick: boolean, options: TextOptions): Lines {
  const rows = well.map((pod) => [
    `${pod.pod || UNNAMED}${pod.node === undefined ? '' : ` on ${pod.node}`}`,
    pod.summary,
  ]);
  const lines = columns(rows, options.width - 2);
  const details = options.isWide
    ? well.flatMap(({ pod, answers }) =>
        answers.map(
          ({ scope, name, result, ms }) => `${pod}: ${scope.toLowerCase()} ${name}: ${result} (${ms} ms)`,
        ),
      )
    : [];
  if (well.length === 0) return [];
  return [
    ...(isBesideSick ? [options.out.paint('bold', 'Healthy')] : []),
    ...indent([...lines, ...details], 2),
    // A pod of which nothing but a file is known is not proven well.
    ...well.flatMap((pod) =>
      pod.pod === '' ? section('Not known', missingLines(pod, options), options) : [],
    ),
  ];
}

/** Beside the pods at fault each gap is named already. */
function forbiddenBlock({ forbidden }: Report, options: TextOptions): Lines {
  if (forbidden.length === 0) return [];
  return wrap(
    `You have no permission to ${forbidden.join('; ')}. With it, more could be said.`,
    options.width,
  );
}

function filesBlock({ files }: Report, { out, width, isWide }: TextOptions): Lines {
  if (files.length === 0) return [];
  const root = commonDirectory(files.map(({ path }) => path).filter(Boolean));
  const below = ({ path }: TakenFile): string => path.slice(root.length);
  const used = Map.groupBy(
    files.filter(({ as }) => as !== null),
    ({ as }) => as ?? '',
  );
  const unused = files.filter(({ as }) => as === null);
  const shown = isWide ? unused : unused.slice(0, MOST_UNUSED);
  const rows = [
    ...[...used].map(([as, of]) => [`taken for ${as}`, of.map(below).join(', ')]),
    ...shown.map((file) => [`not used: ${file.why ?? 'not recognised'}`, below(file)]),
  ];
  const rest = unused.length - shown.length;
  return [
    out.paint('bold', root === '' ? 'Files' : `Files in ${root}`),
    ...indent(columns(rows, width - 2), 2),
    ...(rest > 0 ? [`  and ${rest} more that were not used (-o wide lists them)`] : []),
  ];
}

const MOST_UNUSED = 10;

/** With the final slash; empty if there is none. */
function commonDirectory(paths: readonly string[]): string {
  const [first = ''] = paths;
  let end = first.lastIndexOf('/') + 1;
  while (end > 0 && !paths.every((path) => path.startsWith(first.slice(0, end))))
    end = first.lastIndexOf('/', end - 2) + 1;
  return first.slice(0, end);
}

function section(title: string, lines: Lines, { out }: TextOptions): Lines {
  return lines.length === 0 ? [] : ['', `  ${out.paint('bold', title)}`, ...indent(lines, 4)];
}

const pairs = (rows: readonly (readonly [string, string])[], { width }: TextOptions): Lines =>
  columns(rows, width - 4);

const indent = (lines: Lines, by: number): Lines =>
  lines.map((line) => (line === '' ? '' : `${' '.repeat(by)}${line}`));

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
