/** How the demo looks: headings, lines with a time, indented tables; colour only on a terminal. */
import { progressOn } from '../cluster/progress.ts';

const colour = process.stdout.isTTY && !process.env['NO_COLOR'];
const paint = (code: number, text: string): string => (colour ? `\u001B[${code}m${text}\u001B[0m` : text);
const dim = (text: string): string => paint(2, text);
const print = (text: string): void => void process.stdout.write(`${text}\n`);

export const heading = (text: string): void => print(`\n${paint(1, `== ${text}`)}`);

/** Text with the time at which it happened. */
export const line = (stamp: string, text: string): void => print(`${dim(stamp.padStart(8))}  ${tint(text)}`);

/** Output of another program, indented. */
export const table = (text: string): void => print(text.trimEnd().replaceAll(/^/gm, '  '));

/** Progress of what is being set up. */
export const quiet = progressOn(process.stdout, { indent: '  ', paint: dim });

/** Commands to copy, each below what it shows; one of several lines is continued with backslashes, as in a shell. */
export function commands(list: Readonly<Record<string, readonly string[]>>): void {
  for (const [what, command] of Object.entries(list))
    print(`  ${dim(`# ${what}`)}\n  ${command.join(' \\\n    ')}`);
}

function tint(text: string): string {
  const body = text.trimStart();
  if (body.startsWith('- ') || body.startsWith('[FATAL]')) return paint(31, text);
  if (body.startsWith('+ ') || body.startsWith('Healed')) return paint(32, text);
  return text;
}
