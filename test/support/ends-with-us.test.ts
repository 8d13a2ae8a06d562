import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const MODULE = fileURLToPath(new URL('ends-with-us.ts', import.meta.url));
const PARENT = `
  import { spawn } from 'node:child_process';
  import { endsWithUs } from ${JSON.stringify(MODULE)};
  const child = spawn(...endsWithUs(['sleep', '600']), { stdio: 'ignore' });
  child.once('spawn', () => {
    console.log(child.pid);
    setInterval(() => undefined, 1000);
  });
`;

/** The name of a process that runs. A zombie is left to PID 1. */
function nameOf(pid: number): string | undefined {
  try {
    const [, name, state] = /\((.*)\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    return state === 'Z' ? undefined : name;
  } catch {
    return undefined;
  }
}

it('ends the program when the process that started it is killed', async () => {
  const parent = spawn(process.execPath, ['--input-type=module', '--eval', PARENT], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(line.toString());
  await expect.poll(() => nameOf(pid)).toBe('sleep');
  parent.kill('SIGKILL');
  await expect.poll(() => nameOf(pid)).toBeUndefined();
});
