/** Where a long command reports what it does: lines that stay and, on a terminal, one last line that is rewritten. */

export interface Progress {
  /** Prints a line that stays. */
  (line: string): void;
  /** Shows a line until the next one of either kind; empty text removes it. Absent if the output is not a terminal. */
  readonly rewrite?: (line: string) => void;
}

interface ProgressStyle {
  /** Put before each line. */
  readonly indent?: string;
  /** Applied to the text after it was cut to the width of the terminal, so it may add escape codes. */
  readonly paint?: (text: string) => string;
}

type Stream = Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'write'>;

const ERASE_LINE = '\r\u001B[2K';

export function progressOn(stream: Stream, style: ProgressStyle = {}): Progress {
  const { indent = '', paint = (text: string) => text } = style;
  const print = (line: string): void => void stream.write(`${indent}${paint(line)}\n`);
  if (!stream.isTTY || process.env.TERM === 'dumb') return print;
  let shown = false;
  const erase = (): void => {
    if (shown) stream.write(ERASE_LINE);
    shown = false;
  };
  return Object.assign(
    (line: string) => {
      erase();
      print(line);
    },
    {
      rewrite(line: string) {
        erase();
        if (line === '') return;
        // A wrapped line cannot be erased. The last column stays free because some terminals wrap there already.
        stream.write(`${indent}${paint(fit(line, stream.columns - indent.length - 1))}`);
        shown = true;
      },
    },
  );
}

function fit(text: string, columns: number): string {
  return text.length <= columns ? text : `${text.slice(0, Math.max(0, columns - 1))}…`;
}
