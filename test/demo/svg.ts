/** Draws the output of a terminal as an SVG: text that can be selected, on a dark ground, with the colours that it had. */

const FONT_SIZE = 13;
const LINE_HEIGHT = 18;
/** Of a character, in a monospaced font. */
const CHARACTER_WIDTH = FONT_SIZE * 0.602;
const MARGIN = 16;
/** A line that is longer goes on in the next one, as far to the right as it began: nobody reads a picture that is 3,000 pixels wide. */
const COLUMNS = 140;

/** What the codes of `styleText` mean that the demo uses. */
const STYLES: Readonly<Record<string, string>> = {
  1: 'font-weight="bold"',
  2: 'fill="#8b949e"',
  31: 'fill="#ff7b72"',
  32: 'fill="#56d364"',
  33: 'fill="#e3b341"',
  36: 'fill="#79c0ff"',
};
/** The codes that end them. */
const ENDS: Readonly<Record<string, readonly string[]>> = {
  22: ['1', '2'],
  39: ['31', '32', '33', '36'],
  0: Object.keys(STYLES),
};

// oxlint-disable-next-line no-control-regex -- what a terminal understands
const CODE = /\u001B\[(\d*)m/g;

/** @param text with the escape sequences of a terminal: styles, and none that move the cursor */
export function svgOf(text: string): string {
  const lines = text.split('\n').flatMap(wrapped);
  const columns = Math.max(...lines.map((line) => line.replaceAll(CODE, '').length));
  const width = Math.ceil(columns * CHARACTER_WIDTH + 2 * MARGIN);
  const height = lines.length * LINE_HEIGHT + 2 * MARGIN;
  // A style goes on in the next line until it is ended.
  const active = new Set<string>();
  const drawn = lines.map((line, at) => {
    const y = MARGIN + FONT_SIZE + at * LINE_HEIGHT;
    return `<text x="${MARGIN}" y="${y}" xml:space="preserve">${spans(line, active)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="The output of make demo">
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
<g fill="#e6edf3" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="${FONT_SIZE}">
${drawn.join('\n')}
</g>
</svg>
`;
}

/** Between words; a word that is longer than a line stays whole. */
function wrapped(line: string): readonly string[] {
  const indent = /^ */.exec(line)?.[0] ?? '';
  const lines: string[] = [];
  let rest = line.slice(indent.length);
  for (;;) {
    const end = breakOf(rest, COLUMNS - indent.length);
    lines.push(`${indent}${rest.slice(0, end)}`);
    if (end === undefined) return lines;
    rest = rest.slice(end + 1);
  }
}

/** The last blank within so many columns, or else the first one after them; undefined if all fits. */
function breakOf(text: string, columns: number): number | undefined {
  if (text.replaceAll(CODE, '').length <= columns) return undefined;
  const blanks = [...text.matchAll(/ /g)].map(({ index }) => index);
  const fitting = blanks.filter((index) => text.slice(0, index).replaceAll(CODE, '').length <= columns);
  return fitting.at(-1) ?? blanks[0];
}

/** @throws on a style that it does not know, which would be missing in the picture */
function spans(line: string, active: Set<string>): string {
  let drawn = '';
  let from = 0;
  const until = (end: number): void => {
    const piece = escaped(line.slice(from, end));
    const style = [...active].map((code) => STYLES[code]).join(' ');
    drawn += style === '' || piece === '' ? piece : `<tspan ${style}>${piece}</tspan>`;
  };
  for (const { 0: sequence, 1: code = '', index } of line.matchAll(CODE)) {
    until(index);
    from = index + sequence.length;
    const ended = ENDS[code || '0'];
    if (ended) for (const one of ended) active.delete(one);
    else if (code in STYLES) active.add(code);
    else throw new Error(`the style ${code} is unknown: add it to STYLES in ${import.meta.filename}`);
  }
  until(line.length);
  return drawn;
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
