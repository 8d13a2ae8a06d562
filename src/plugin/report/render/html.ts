/** The page as one HTML file that loads nothing and runs nothing, and how the record is read back from it. */
import { duration } from '../facts.ts';
import type { Block, Column, Figure, Line, Page, Phase, Section, Span } from '../page.ts';
import { type Html, html, unescape } from './html-template.ts';
import { STYLES } from './styles.ts';

/** Styles stand in the page. Images: none, but browsers ask for an icon unless one is given. */
const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";
const RECORD_START = '<pre id="record">';
const RECORD_END = '</pre>';

export function renderHtml({ title, badge, sentence, figures, sections }: Page): string {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<link rel="icon" href="data:,">
<title>${title}</title>
${STYLES}
</head>
<body>
<header>
<h1>${title}</h1>
<p class="badge ${badge.tone}">${badge.text}</p>
<p class="sentence">${spans(sentence)}</p>
${figureList(figures)}
<nav aria-label="Sections"><ol>${sections.map(({ title: name }, index) => html`<li><a href="#s${index + 1}">${name}</a></li>`)}</ol></nav>
</header>
<main>
${sections.map(section)}
</main>
</body>
</html>
`;
  return page.toString();
}

/** The JSON of the record in a page that this module has made; null if there is none, or not all of it. */
export function recordInPage(page: string): string | null {
  const start = page.indexOf(RECORD_START);
  if (start === -1) return null;
  const end = page.indexOf(RECORD_END, start);
  return end === -1 ? null : unescape(page.slice(start + RECORD_START.length, end));
}

const section = (
  { title, blocks }: Section,
  index: number,
): Html => html`<section aria-labelledby="s${index + 1}">
<h2 id="s${index + 1}">${title}</h2>
${blocks.map(block)}
</section>
`;

type Renderers = { readonly [K in Block['kind']]: (block: Extract<Block, { readonly kind: K }>) => Html };

const BLOCKS: Renderers = {
  text: ({ line }) => html`<p>${spans(line)}</p>\n`,
  note: ({ line }) => html`<p class="note">${spans(line)}</p>\n`,
  figures: ({ figures }) => figureList(figures),
  facts: ({ facts }) =>
    html`<dl>${facts.map(({ name, value }) => html`<div><dt>${name}</dt><dd>${spans(value)}</dd></div>\n`)}</dl>\n`,
  table: ({ caption, columns, rows }) => html`<table>
<caption>${caption}</caption>
<thead><tr>${columns.map((column) => html`<th scope="col"${cellClass(column)}>${column.title}</th>`)}</tr></thead>
<tbody>
${rows.map((row) => html`<tr>${row.map((cell, index) => tableCell(cell, columns[index]))}</tr>\n`)}</tbody>
</table>
`,
  list: ({ items }) => html`<ul>${items.map((item) => html`<li>${spans(item)}</li>`)}</ul>\n`,
  'text-file': ({ caption, lines, marked }) =>
    figure(
      caption,
      lines.map((line, index) => (index === marked ? html`<mark>${line}</mark>\n` : html`${line}\n`)),
    ),
  diff: ({ caption, lines }) =>
    figure(
      caption,
      lines.map((line) => html`<span class="${kindOf(line)}">${line}</span>\n`),
    ),
  paste: ({ caption, lines }) =>
    figure(
      caption,
      lines.map((line) => html`${line}\n`),
    ),
  phases: ({ caption, phases }) => phasesBar(caption, phases),
  record: ({ caption, json }) =>
    html`<details class="record"><summary>${caption}</summary><pre id="record">${json}</pre></details>\n`,
};

const block = <K extends Block['kind']>(one: Extract<Block, { readonly kind: K }>): Html =>
  (BLOCKS[one.kind] as (block: typeof one) => Html)(one);

const spans = (line: Line): readonly Html[] => line.map(span);

function span(one: Span): Html {
  if (typeof one === 'string') return html`${one}`;
  if ('code' in one) return html`<code>${one.code}</code>`;
  if ('strong' in one) return html`<strong>${one.strong}</strong>`;
  return html`<span class="quoted">${one.quoted.map((text) => html`<code>${text}</code>`)}</span>`;
}

/** On a narrow screen each cell stands below the title of its column. */
const tableCell = (cell: Line, column: Column | undefined): Html =>
  html`<td data-column="${column?.title ?? ''}"${cellClass(column)}>${spans(cell)}</td>`;

function cellClass(column: Column | undefined): Html {
  if (column?.isNumber) return html` class="short number"`;
  return column?.isShort ? html` class="short"` : html``;
}

const figureList = (figures: readonly Figure[]): Html => html`<ul class="figures">${figures.map(
  ({ value, label, note }) =>
    html`<li><span class="value">${value}</span> <span class="label">${label}</span> <span class="note-line">${note}</span></li>`,
)}</ul>
`;

const figure = (caption: string, content: readonly Html[]): Html =>
  html`<figure><figcaption>${caption}</figcaption><pre>${content}</pre></figure>\n`;

function kindOf(diffLine: string): string {
  if (diffLine.startsWith('+++') || diffLine.startsWith('---') || diffLine.startsWith('@@')) return 'head';
  if (diffLine.startsWith('+')) return 'added';
  return diffLine.startsWith('-') ? 'removed' : 'same';
}

const BAR_WIDTH = 1000;
const BAR_HEIGHT = 28;
/** Of a part that is too short to be seen otherwise. */
const LEAST_WIDTH = 3;
/** As many as there are colours in the styles. */
const COLOURS = 8;

function phasesBar(caption: string, phases: readonly Phase[]): Html {
  const total = phases.reduce((sum, { seconds }) => sum + seconds, 0);
  if (total <= 0) return html``;
  const widths = phases.map(({ seconds }) => Math.max(LEAST_WIDTH, (seconds / total) * BAR_WIDTH));
  const scale = BAR_WIDTH / widths.reduce((sum, width) => sum + width, 0);
  let x = 0;
  const parts = widths.map((width, index) => {
    const from = x;
    x += width * scale;
    return html`<rect class="c${index % COLOURS}" x="${from.toFixed(1)}" y="0" width="${Math.max(1, width * scale - 1).toFixed(1)}" height="${BAR_HEIGHT}"/>`;
  });
  return html`<figure class="phases"><figcaption>${caption}: ${duration(total)}</figcaption>
<svg viewBox="0 0 ${BAR_WIDTH} ${BAR_HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${caption}; the list below has the same times">${parts}</svg>
<ol>${phases.map(({ name, seconds }, index) => html`<li><span class="swatch c${index % COLOURS}"></span>${name}: ${duration(seconds)}</li>`)}</ol>
</figure>
`;
}
