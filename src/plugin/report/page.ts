/** The page of an incident as data: sections of blocks. What is in it, `sections/` say; how it looks, `render/` says. */

/** A piece of text. All of it may be other people's text: the renderers escape every span. */
export type Span =
  | string
  | { readonly code: string }
  | { readonly strong: string }
  /** Lines as they are, each below the other. */
  | { readonly quoted: readonly string[] };
export type Line = readonly Span[];

export interface Figure {
  readonly value: string;
  readonly label: string;
  readonly note: string;
}

export interface Column {
  readonly title: string;
  /** Times and single words of ours: never broken, so that the other columns have the room. */
  readonly isShort?: boolean;
  /** Short, and set flush right. */
  readonly isNumber?: boolean;
}

export interface Phase {
  readonly name: string;
  readonly seconds: number;
}

export type Block =
  | { readonly kind: 'text'; readonly line: Line }
  /** Stands out, for what must not be overlooked. */
  | { readonly kind: 'note'; readonly line: Line }
  | { readonly kind: 'figures'; readonly figures: readonly Figure[] }
  | { readonly kind: 'facts'; readonly facts: readonly { readonly name: string; readonly value: Line }[] }
  | {
      readonly kind: 'table';
      readonly caption: string;
      readonly columns: readonly Column[];
      readonly rows: readonly (readonly Line[])[];
    }
  | { readonly kind: 'list'; readonly items: readonly Line[] }
  /** Text as it is: a log, a file. `marked` is the index of the line that matters. */
  | {
      readonly kind: 'text-file';
      readonly caption: string;
      readonly lines: readonly string[];
      readonly marked?: number;
    }
  | { readonly kind: 'diff'; readonly caption: string; readonly lines: readonly string[] }
  /** To be pasted into a shell or a file. */
  | { readonly kind: 'paste'; readonly caption: string; readonly lines: readonly string[] }
  | { readonly kind: 'phases'; readonly caption: string; readonly phases: readonly Phase[] }
  /** The record itself, from which the page can be made again. */
  | { readonly kind: 'record'; readonly caption: string; readonly json: string };

export interface Section {
  readonly title: string;
  readonly blocks: readonly Block[];
}

/** What the badge says, in words; the tone only colours it. */
export interface Badge {
  readonly text: string;
  readonly tone: 'good' | 'bad' | 'open';
}

export interface Page {
  readonly title: string;
  readonly badge: Badge;
  /** One sentence: what broke, where, what was done, is it over. */
  readonly sentence: Line;
  readonly figures: readonly Figure[];
  readonly sections: readonly Section[];
}

/** `line\`the node ${code(name)}\`` */
export function line(texts: TemplateStringsArray, ...values: readonly (Span | Line)[]): Line {
  return texts.flatMap((text, index) => [
    ...(text === '' ? [] : [text]),
    ...(index < values.length ? spansOf(values[index] ?? '') : []),
  ]);
}

const spansOf = (value: Span | Line): Line => (Array.isArray(value) ? value : [value as Span]);

export const code = (text: string): Span => ({ code: text });
export const strong = (text: string): Span => ({ strong: text });
export const quoted = (lines: readonly string[]): Span => ({ quoted: lines });

/** A sentence of the operator, which sets commands and paths in back quotes. */
export const prose = (text: string): Line =>
  text
    .split(/`([^`]+)`/)
    .map((part, index) => (index % 2 === 0 ? part : code(part)))
    .filter((span) => span !== '');

/** Columns without numbers. */
export const columns = (...titles: readonly string[]): readonly Column[] =>
  titles.map((title) => ({ title }));

/** What a record of an older version, or of an incident that ended early, does not have. */
export const NOT_RECORDED: Line = ['not recorded'];
