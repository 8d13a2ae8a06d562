/** `npm run demo:picture`: runs the demo on a terminal and draws what it printed as docs/demo.svg, the picture of the README. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { svgOf } from './svg.ts';

const DEMO = fileURLToPath(new URL('demo.ts', import.meta.url));
const PICTURE = new URL('../../docs/demo.svg', import.meta.url);
/** What follows are commands to try, for whoever has the cluster. */
const END = '== Look around';

// `script` gives it a terminal, without which it prints no colours.
const demo = spawn(
  'script',
  ['--quiet', '--return', '--command', `${process.execPath} ${DEMO}`, '/dev/null'],
  {
    stdio: ['ignore', 'pipe', 'inherit'],
  },
);
let output = '';
demo.stdout.on('data', (chunk) => {
  process.stdout.write(chunk);
  output += String(chunk);
});
/** Progress replaces its own line: what was there last counts. */
const lastOf = (line: string): string => line.split('\u001B[2K').at(-1)?.replaceAll('\r', '') ?? '';

const [code] = (await once(demo, 'close')) as [number | null];
if (code !== 0) throw new Error(`the demo ended with ${code}: no picture was drawn`);

const lines = output.replaceAll('\r\n', '\n').trim().split('\n').map(lastOf);
const end = lines.findIndex((line) => line.includes(END));
writeFileSync(PICTURE, svgOf(lines.slice(0, end).join('\n').trimEnd()));
