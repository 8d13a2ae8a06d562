/** How the demo looks: headings, stamped lines, indented tables; colour only on a terminal. */
import { progressOn } from '../cluster/progress.ts';

const colour = process.stdout.isTTY && !process.env['NO_COLOR'];
const paint = (code: number, text: string): string => (colour ? `\u001B[${code}m${text}\u001B[0m` : text);

export const heading = (text: string): void => void process.stdout.write(`\n${paint(1, `== ${text}`)}\n`);

/** One line of the story, with when it happened. */
export function line(stamp: string, text: string): void {
  process.stdout.write(`${paint(2, stamp.padStart(8))}  ${tint(text)}\n`);
}

/** Output of another program, indented. */
export const table = (text: string): void =>
  void process.stdout.write(
    `${text
      .trimEnd()
      .split('\n')
      .map((row) => `  ${row}`)
      .join('\n')}\n`,
  );

/** Progress of what is being set up. */
export const quiet = progressOn(process.stdout, { indent: '  ', paint: (text) => paint(2, text) });

function tint(text: string): string {
  const body = text.trimStart();
  if (body.startsWith('- ') || body.startsWith('[FATAL]')) return paint(31, text);
  if (body.startsWith('+ ') || body.startsWith('Healed')) return paint(32, text);
  return text;
}
