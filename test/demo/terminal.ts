/** How the demo looks: headings, indented tables and commands, as the plugin prints; colour only on a terminal. */
import { createOutput } from '../../src/plugin/terminal/output.ts';
import { progressOn } from '../cluster/progress.ts';

export const out = createOutput(process.stdout, process.env);
const dim = (text: string): string => out.paint('dim', text);

export const heading = (text: string): void => out.line(`\n${out.paint('bold', `== ${text}`)}`);

/** Output of another program, indented. */
export const table = (text: string): void => out.line(text.trimEnd().replaceAll(/^/gm, '  '));

/** Progress of what is being set up. */
export const quiet = progressOn(process.stdout, { indent: '  ', paint: dim });

/** Commands to copy, each below what it shows; one of several lines is continued with backslashes, as in a shell. */
export function commands(list: Readonly<Record<string, readonly string[]>>): void {
  for (const [what, command] of Object.entries(list))
    out.line(`  ${dim(`# ${what}`)}\n  ${command.join(' \\\n    ')}`);
}
