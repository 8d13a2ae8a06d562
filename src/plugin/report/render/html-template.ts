/** A tagged template for HTML that escapes by type: what is not `Html` is text. */
import { visible } from '../visible.ts';

/** Markup that this module has made. */
export class Html {
  readonly #markup: string;

  private constructor(markup: string) {
    this.#markup = markup;
  }

  toString(): string {
    return this.#markup;
  }

  /** The only way to markup: the literal parts of a template in our source. */
  static fromTemplate(parts: TemplateStringsArray, values: readonly HtmlValue[]): Html {
    return new Html(
      parts.map((part, index) => `${part}${index < values.length ? markupOf(values[index]) : ''}`).join(''),
    );
  }
}

export type HtmlValue = Html | string | number | undefined | readonly HtmlValue[];

/** Values may stand in content and in quoted attributes. Never in a tag's name, a style, or an attribute that holds code or an address. */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return Html.fromTemplate(parts, values);
}

function markupOf(value: HtmlValue): string {
  if (value === undefined) return '';
  if (value instanceof Html) return value.toString();
  if (typeof value === 'object') return value.map(markupOf).join('');
  return escape(String(value));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escape = (text: string): string =>
  visible(text).replace(/[&<>"']/g, (found) => ENTITIES[found] ?? found);

/** The text that was escaped, for reading the record back from a page. */
export const unescape = (text: string): string =>
  text.replace(
    /&(?:amp|lt|gt|quot|#39);/g,
    (entity) => Object.entries(ENTITIES).find(([, one]) => one === entity)?.[0] ?? entity,
  );
