import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HOSTILE } from '../testing/hostile.ts';
import { visible } from '../visible.ts';
import { html, unescape } from './html-template.ts';

const anyText = fc.oneof(fc.string({ unit: 'binary', maxLength: 100 }), fc.constantFrom(...HOSTILE));

describe('html', () => {
  it('escapes every value that is not markup of its own', () => {
    fc.assert(
      fc.property(anyText, anyText, (content, attribute) => {
        const inner = html`<b>${content}</b>`;
        const text = html`<p title="${attribute}">${inner}${[content, inner]}</p>`.toString();
        const [, title, first, middle, last] =
          /^<p title="([^"<>]*)"><b>([^<>"]*)<\/b>([^<>"]*)<b>([^<>"]*)<\/b><\/p>$/.exec(text) ?? [];
        expect(unescape(title ?? '')).toBe(visible(attribute));
        for (const part of [first, middle, last]) expect(unescape(part ?? '')).toBe(visible(content));
      }),
    );
  });

  it('leaves out what is undefined and writes numbers as they are', () => {
    expect(html`<p>${undefined}${7}${[]}</p>`.toString()).toBe('<p>7</p>');
  });
});
