/** Standard output or standard error: colour only on a terminal, and no control characters from the cluster. */
import type { Writable } from 'node:stream';
import { styleText } from 'node:util';
import type { Environment } from '../../kube/kubeconfig/kubeconfig-files.ts';

export type Style = Parameters<typeof styleText>[0];

export interface Output {
  readonly colour: boolean;
  /** Width of the terminal; undefined for a pipe or a file. */
  readonly columns: number | undefined;
  readonly write: (text: string) => void;
  /** With a newline. */
  readonly line: (text?: string) => void;
  /** The text in a style, or as it is where there is no colour. */
  readonly paint: (style: Style, text: string) => string;
  /** On a terminal, replaces what it showed before with one line of text, or with nothing; elsewhere it does nothing. */
  readonly progress: (text: string) => void;
  /** Resolves when everything that was written is with the reader, or the reader is gone. */
  readonly flush: () => Promise<void>;
}

/** Back to the start of the line, and erase it. */
const ERASE_LINE = '\r\u001B[2K';

export type Stream = Writable & { readonly isTTY?: boolean; readonly columns?: number };

export function createOutput(stream: Stream, env: Environment): Output {
  // https://no-color.org: any value but the empty string.
  const colour = stream.isTTY === true && !env['NO_COLOR'];
  const write = (text: string): void => void stream.write(withoutControls(text, colour));
  return {
    colour,
    columns: stream.columns,
    write,
    line: (text = '') => write(`${text}\n`),
    paint: (style, text) => (colour ? styleText(style, text, { validateStream: false }) : text),
    progress: (text) => {
      // A longer line would wrap, and only its last part would be replaced.
      if (stream.isTTY === true)
        stream.write(ERASE_LINE + withoutControls(text, false).slice(0, (stream.columns ?? 80) - 1));
    },
    // A closed pipe is an error of the stream, which `stop.ts` handles.
    flush: async () => new Promise((resolve) => void stream.write('', () => resolve())),
  };
}

/**
 * Log lines and names of queries are other people's text: on a terminal their control characters could hide or forge
 * lines. Escaped as in JSON, so that JSON stays what it is. Styles are kept where we paint.
 */
function withoutControls(text: string, colour: boolean): string {
  // oxlint-disable-next-line no-control-regex -- that is the point
  return text.replaceAll(/(\u001B\[\d+m)|[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/g, (found, style) =>
    colour && style !== undefined
      ? found
      : `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}${found.slice(1)}`,
  );
}
