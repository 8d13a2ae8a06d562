import * as fc from 'fast-check';
import { micromark } from 'micromark';
import { gfm, gfmHtml } from 'micromark-extension-gfm';
import { describe, expect, it } from 'vitest';
import { code, type Line, type Page, quoted, strong } from '../page.ts';
import { pageOf } from '../page-of.ts';
import { aRecord } from '../testing/a-record.ts';
import { HOSTILE } from '../testing/hostile.ts';
import { RECORDS } from '../testing/records.ts';
import { renderMarkdown } from './markdown.ts';

/** As GitHub and most chat programs render it; raw HTML is let through, so that it shows. */
const rendered = (markdown: string): string =>
  micromark(markdown, {
    extensions: [gfm()],
    htmlExtensions: [gfmHtml()],
    allowDangerousHtml: true,
    allowDangerousProtocol: true,
  });

const anyText = fc.oneof(
  fc.constantFrom(...HOSTILE),
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc
    .array(fc.constantFrom(...'\\`*_{}[]()<>#+-.!|~&:@$ \n1ahttps://www.'.split('')), { maxLength: 40 })
    .map((signs) => signs.join('')),
);

/** The text in all the places where a page has text. */
const pageWith = (text: string): Page => {
  const line: Line = [text, ' ', code(text), ' ', strong('s'), quoted([text, text])];
  return {
    title: text,
    badge: { text, tone: 'open' },
    sentence: [text],
    figures: [{ value: text, label: text, note: text }],
    sections: [
      {
        title: text,
        blocks: [
          { kind: 'text', line },
          { kind: 'note', line },
          { kind: 'list', items: [line] },
          { kind: 'facts', facts: [{ name: text, value: line }] },
          {
            kind: 'table',
            caption: text,
            columns: [{ title: text }, { title: 'b' }],
            rows: [
              [line, [code(text)]],
              [[text], line],
            ],
          },
          { kind: 'text-file', caption: text, lines: [text] },
          { kind: 'diff', caption: text, lines: [text] },
          { kind: 'paste', caption: text, lines: [text] },
        ],
      },
    ],
  };
};

/** Only these come from the page; with their number, so that no text can add one. */
const TAGS = ['h1', 'h2', 'table', 'thead', 'tbody', 'tr', 'th', 'td', 'ul', 'li', 'blockquote', 'pre'];
const shapeOf = (html: string): string =>
  TAGS.map((tag) => `${tag} ${html.split(`<${tag}>`).length - 1}`).join(', ');
const shape = shapeOf(rendered(renderMarkdown(pageWith('x'))));

describe('the page in Markdown', () => {
  it('keeps its shape, whatever its texts are, and has no markup, link or mention of theirs', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const html = rendered(renderMarkdown(pageWith(text)));
        expect(shapeOf(html)).toBe(shape);
        expect(html).not.toMatch(
          /<(?!\/?(?:h1|h2|p|strong|code|pre|table|thead|tbody|tr|t[hd]|ul|li|blockquote)\b)/,
        );
        const outsideOfCode = html.replaceAll(/<code[^>]*>[^<]*<\/code>/g, '');
        expect(outsideOfCode).not.toMatch(/[@#]\w|:\/\/|www\.|:\w+:/);
      }),
      { numRuns: 300 },
    );
  });

  it('shows the text of a code span as it is', () => {
    const html = rendered(renderMarkdown(pageWith('a `b` ``c`` | d')));
    expect(html).toContain('<td><code>a `b` ``c`` | d</code></td>');
  });

  it.each(Object.entries(RECORDS))('renders with tables, for an incident that is %s', (_name, record) => {
    const page = pageOf(record);
    const html = rendered(renderMarkdown(page));
    expect(html.match(/<h2>/g)).toHaveLength(page.sections.length);
    expect(html).not.toContain('| ---');
  });

  it('stays text with hostile text in a record', () => {
    const html = rendered(renderMarkdown(pageOf(aRecord({ status: { message: HOSTILE.join('\n') } }))));
    expect(html).not.toMatch(/<(?:script|img|svg|a|meta|link|style|base)\b/);
  });
});
