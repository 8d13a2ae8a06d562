/** The page as GitHub-flavoured Markdown, for issues and chat. Nothing in a record becomes markup, a mention or a link. */
import type { Block, Figure, Line, Page, Span } from '../page.ts';
import { visible } from '../visible.ts';

export function renderMarkdown({ title, badge, sentence, figures, sections }: Page): string {
  const parts = [
    `# ${text(title)}`,
    bold(text(badge.text)),
    spans(sentence),
    figureTable(figures),
    ...sections.flatMap(({ title: name, blocks }) => [`## ${text(name)}`, ...blocks.map(block)]),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

type Renderers = { readonly [K in Block['kind']]: (block: Extract<Block, { readonly kind: K }>) => string };

const BLOCKS: Renderers = {
  text: ({ line }) => spans(line),
  note: ({ line }) => `> ${spans(line)}`,
  figures: ({ figures }) => figureTable(figures),
  facts: ({ facts }) =>
    table(
      ['', ''],
      facts.map(({ name, value }) => [bold(cell([name])), cell(value)]),
    ),
  table: ({ caption, columns, rows }) =>
    `${heading(caption)}\n\n${table(
      columns.map(({ title }) => cell([title])),
      rows.map((row) => row.map(cell)),
    )}`,
  list: ({ items }) => items.map((item) => `- ${spans(item)}`).join('\n'),
  'text-file': ({ caption, lines }) => fenced(caption, '', lines),
  diff: ({ caption, lines }) => fenced(caption, 'diff', lines),
  paste: ({ caption, lines }) => fenced(caption, '', lines),
  // The timeline below has the same times.
  phases: () => '',
  // Too long for an issue; the HTML page and `-o json` have it.
  record: () => '',
};

const block = <K extends Block['kind']>(one: Extract<Block, { readonly kind: K }>): string =>
  (BLOCKS[one.kind] as (block: typeof one) => string)(one);

/** A paragraph: its first characters could otherwise begin a list, or underline a heading. */
const spans = (line: Line): string =>
  line
    .map((one) => span(one, false))
    .join('')
    .trim()
    .replace(/^[-+=]/, String.raw`\$&`)
    .replace(/^(\d+)([.)])/, String.raw`$1\$2`);
const cell = (line: Line): string =>
  line
    .map((one) => span(one, true))
    .join('')
    .trim();

const bold = (markdown: string): string => (markdown.trim() === '' ? '' : `**${markdown.trim()}**`);

function span(one: Span, isInTable: boolean): string {
  if (typeof one === 'string') return text(one, isInTable);
  if ('code' in one) return code(one.code, isInTable);
  if ('strong' in one) return bold(text(one.strong, isInTable));
  return ` ${one.quoted.map((quote) => code(quote, isInTable)).join(' ')}`;
}

/**
 * GitHub makes mentions, references, links and emoji from the rendered text, where a backslash does not help: such a word becomes
 * code, in which it does nothing.
 */
const LINKS_ITSELF = /[@#]|:\/\/|\bwww\.|\bGH-\d|\b[0-9a-f]{7,40}\b|:[\w+-]+:/i;

function text(plain: string, isInTable = false): string {
  return oneLine(plain)
    .split(/(\s+)/)
    .map((word) =>
      LINKS_ITSELF.test(word) ? code(word, isInTable) : word.replace(/[\\`*_{}[\]<>|~&$]/g, String.raw`\$&`),
    )
    .join('');
}

function code(raw: string, isInTable = false): string {
  const shown = oneLine(raw);
  if (shown.trim() === '') return '';
  // GFM reads the cells of a row before the code in them: `\|` is a bar, but only without another backslash before it.
  const safe = !isInTable
    ? shown
    : shown.includes('\\')
      ? shown.replaceAll('|', '¦')
      : shown.replaceAll('|', '\\|');
  const fence = '`'.repeat(longestRun(safe) + 1);
  const pad = /^[` ]|[` ]$/.test(safe) ? ' ' : '';
  return `${fence}${pad}${safe}${pad}${fence}`;
}

function fenced(caption: string, language: string, lines: readonly string[]): string {
  const content = lines.map((one) => visible(one)).join('\n');
  const fence = '`'.repeat(Math.max(3, longestRun(content) + 1));
  return `${heading(caption)}\n\n${fence}${language}\n${content}\n${fence}`;
}

const heading = (caption: string): string => spans([caption.endsWith('.') ? caption : `${caption}:`]);

/** Of back quotes. */
const longestRun = (content: string): number =>
  Math.max(0, ...(content.match(/`+/g) ?? []).map(({ length }) => length));

const oneLine = (raw: string): string => visible(raw).replaceAll(/\s*\n\s*/g, ' ');

const figureTable = (figures: readonly Figure[]): string =>
  table(
    figures.map(({ value }) => cell([value])),
    [figures.map(({ label, note }) => `${cell([label])}; ${cell([note])}`)],
  );

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
