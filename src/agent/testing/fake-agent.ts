/**
 * A repair of a scratch node in a process of its own, so that a test can drop its capabilities and have it killed, or
 * its disk full, in the middle of a write. Its argument is the JSON of a `FakeAgentRun`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { RepairReport } from '../../api/agent-protocol.ts';
import type { ExistingNode, FakeNode } from './fake-node.ts';

interface FakeAgentRun extends ExistingNode {
  /** After how many bytes of a write in place the fault happens. */
  readonly after?: number;
  readonly fault?: 'SIGKILL' | 'ENOSPC';
  /** The new kubelet exits, so that the change is undone. */
  readonly newExits?: boolean;
}

/** Undefined if it was killed. */
export async function runFakeAgent(run: FakeAgentRun): Promise<RepairReport | undefined> {
  const program = fileURLToPath(import.meta.url);
  const bare = ['--bounding-set=-all', '--inh-caps=-all', '--no-new-privs'];
  const child = spawn('setpriv', [...bare, process.execPath, program, JSON.stringify(run)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  const exited = once(child, 'exit');
  for await (const chunk of child.stdout) output += String(chunk);
  const [code, signal] = (await exited) as [number | null, string | null];
  if (signal === 'SIGKILL') return undefined;
  if (code !== 0) throw new Error(`agent process ended with exit code ${code}`);
  return JSON.parse(output) as RepairReport;
}

/** Only a write in place passes a position; every byte is a call of its own, so that any of them can be the last. */
function breakWrites({ after, fault }: FakeAgentRun): void {
  if (after === undefined) return;
  let left = after;
  const { writeSync } = fs;
  const write = (fd: number, bytes: Uint8Array, at?: number, length?: number, position?: number): number => {
    if (position === undefined) return writeSync(fd, bytes, at, length);
    if (left-- > 0) return writeSync(fd, bytes, at, 1, position);
    if (fault === 'SIGKILL') process.kill(process.pid, 'SIGKILL');
    // Restoring the old bytes needs no further space.
    left = Number.POSITIVE_INFINITY;
    throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
  };
  Object.assign(fs, { writeSync: write });
  syncBuiltinESMExports();
}

async function main(run: FakeAgentRun): Promise<void> {
  breakWrites(run);
  const { FakeNode: Node, GOOD } = await import('./fake-node.ts');
  const node: FakeNode = new Node(run);
  if (run.newExits) node.starts = (text) => (text === GOOD ? 'exits' : 'runs');
  const capabilities = /^CapEff:\s*0+$/m.test(fs.readFileSync('/proc/self/status', 'utf8'));
  if (!capabilities) throw new Error('this process has capabilities');
  process.stdout.write(JSON.stringify(await node.repair()));
}

if (import.meta.main) await main(JSON.parse(process.argv[2] ?? '') as FakeAgentRun);
