/** Runs the kubectl plugin on a rig as a user does: a process of its own, with the administrator's kubeconfig. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Rig } from '../../cluster/rig.ts';

const PROGRAM = fileURLToPath(new URL('../../../src/kubectl-dnshealth.ts', import.meta.url));

export interface PluginProcess {
  kill(signal: NodeJS.Signals): void;
  readonly ended: Promise<{ readonly code: number | null; readonly out: string; readonly err: string }>;
}

export function startPlugin(rig: Rig, args: readonly string[]): PluginProcess {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    env: { ...process.env, KUBECONFIG: rig.kubeconfigPath },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = async () => {
    const [out, err, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'exit'),
    ]);
    return { code: code as number | null, out, err };
  };
  return { kill: (signal) => void child.kill(signal), ended: ended() };
}
