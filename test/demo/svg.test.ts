import { describe, expect, it } from 'vitest';
import { svgOf } from './svg.ts';

const BOLD = ['\u001B[1m', '\u001B[22m'] as const;
const GREEN = ['\u001B[32m', '\u001B[39m'] as const;

describe('the picture of a terminal', () => {
  it('shows each line as text, below the one before', () => {
    const [first, second] = [...svgOf('one\n  two').matchAll(/<text x="16" y="(\d+)"[^>]*>([^<]*)</g)];
    expect([first?.[2], second?.[2]]).toEqual(['one', '  two']);
    expect(Number(second?.[1])).toBeGreaterThan(Number(first?.[1]));
  });

  it('keeps what is bold and what has a colour, also one inside the other', () => {
    const drawn = svgOf(`${BOLD[0]}a${GREEN[0]}b${GREEN[1]}${BOLD[1]}c`);
    expect(drawn).toContain('<tspan font-weight="bold">a</tspan>');
    expect(drawn).toContain('<tspan font-weight="bold" fill="#56d364">b</tspan>c</text>');
  });

  it('is as wide as the longest line, whatever its colours', () => {
    const widthOf = (text: string) => /width="(\d+)"/.exec(svgOf(text))?.[1];
    expect(widthOf(`${GREEN[0]}long line${GREEN[1]}`)).toBe(widthOf('long line'));
  });

  it('goes on in the next line where one is too long, below its beginning and in its colour', () => {
    const words = `${'word '.repeat(40)}end`;
    const drawn = [...svgOf(`  ${GREEN[0]}${words}${GREEN[1]}`).matchAll(/preserve">(.*)<\/text>/g)].map(
      ([, line = '']) => line,
    );
    expect(drawn).toHaveLength(2);
    for (const line of drawn) expect(line).toContain('<tspan fill="#56d364">');
    const shown = drawn.map((line) => line.replaceAll(/<[^>]+>/g, ''));
    for (const line of shown) expect(line).toMatch(/^ {2}word/);
    expect(shown.map((line) => line.trim()).join(' ')).toBe(words);
  });

  it('leaves a word whole that is longer than a line', () => {
    expect(svgOf('x'.repeat(300))).toContain('x'.repeat(300));
  });

  it('escapes what XML would read as markup', () => {
    expect(svgOf('<none> & more')).toContain('&lt;none&gt; &amp; more');
  });

  it('refuses a style that would be missing', () => {
    expect(() => svgOf('\u001B[45mx')).toThrow('style 45 is unknown');
  });
});
