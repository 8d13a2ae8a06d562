import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapedInJson, visible } from './visible.ts';

const anyText = fc.string({ unit: 'binary', maxLength: 200 });

describe('text from a record', () => {
  it('shows what would hide or reorder other text', () => {
    expect(visible('a\u202Eb\u0000\uFEFF\u200B\u{E0041}\uD800')).toBe(
      'a⟨U+202E⟩b⟨U+0000⟩⟨U+FEFF⟩⟨U+200B⟩⟨U+E0041⟩⟨U+D800⟩',
    );
    expect(visible('tab\tline\nÄ 日本 \u{1F600}')).toBe('tab\tline\nÄ 日本 \u{1F600}');
  });

  it('has no such character left, whatever it was', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const shown = visible(text);
        expect(shown).not.toMatch(/[^\P{Cc}\t\n]|\p{Cf}|\p{Zl}|\p{Zp}/u);
        expect(shown.isWellFormed()).toBe(true);
        expect(visible(shown)).toBe(shown);
      }),
    );
  });

  it('is the same text again when its JSON is read', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const json = escapedInJson(JSON.stringify({ text }, null, 1));
        expect(visible(json)).toBe(json);
        expect(JSON.parse(json)).toEqual({ text });
      }),
    );
  });
});
