/** Makes characters visible that would hide, reorder or forge text on a page. Everything from a record passes through here. */

/**
 * Controls but for line feed and tab; what sets the direction of text, joins or has no width; separators that break lines;
 * halves of surrogate pairs, which no file can hold.
 */
const INVISIBLE = /(?![\t\n])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** U+202E becomes `⟨U+202E⟩`. */
export const visible = (text: string): string =>
  text.replace(
    INVISIBLE,
    (found) => `⟨U+${(found.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`,
  );

/** The same in JSON, where it can be written so that it is read back. */
export const escapedInJson = (json: string): string =>
  json.replace(INVISIBLE, (found) =>
    Array.from(
      { length: found.length },
      (_, index) => `\\u${found.charCodeAt(index).toString(16).padStart(4, '0')}`,
    ).join(''),
  );
