/** Starts and signals the programs of the control plane, which outlive the command that starts them. */
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { identify, isAlive, type ProcessIdentity, signalProcess } from '../process-identity.ts';
import type { RigPaths } from '../rig-paths.ts';
import { enteringCgroup } from '../run.ts';
import { hostCgroup } from '../teardown/cgroups.ts';
import { until } from '../until.ts';
import type { Component } from './components.ts';

/**
 * Starts the program in the control plane's network namespace and records its identity. It enters the rig's cgroup
 * before it becomes the program, so that `down` cannot miss it.
 */
export function startComponent(paths: RigPaths, component: Component, argv: readonly string[]): void {
  if (componentProcess(paths, component)) return;
  mkdirSync(paths.logs, { recursive: true });
  mkdirSync(paths.processes, { recursive: true });
  const procs = join(hostCgroup(paths.cgroup), 'cgroup.procs');
  const log = openSync(join(paths.logs, `${component}.log`), 'a');
  try {
    const [file = '', ...args] = enteringCgroup(procs, [...inNetns(paths.controlPlaneNetns), ...argv]);
    const child = spawn(file, args, { detached: true, stdio: ['ignore', log, log], cwd: paths.dir });
    const identity = child.pid === undefined ? undefined : identify(child.pid);
    if (!identity) throw new Error(`${component} did not start`);
    writeFileSync(join(paths.processes, component), JSON.stringify(identity));
    child.unref();
  } finally {
    closeSync(log);
  }
}

/** The argv prefix that runs a program in a network namespace. Not `ip netns exec`, which also copies all mounts. */
export function inNetns(name: string): string[] {
  return ['nsenter', `--net=/run/netns/${name}`, '--'];
}

/** The component's process if it runs, even if a signal has stopped it. */
export function componentProcess(paths: RigPaths, component: Component): ProcessIdentity | undefined {
  try {
    const identity = JSON.parse(readFileSync(join(paths.processes, component), 'utf8')) as ProcessIdentity;
    return isAlive(identity) ? identity : undefined;
  } catch {
    return undefined;
  }
}

/** Sends the signal; throws if the component does not run. After SIGKILL or SIGTERM, waits until it has exited. */
export async function signalComponent(
  paths: RigPaths,
  component: Component,
  signal: NodeJS.Signals,
): Promise<void> {
  const identity = componentProcess(paths, component);
  if (!identity || !signalProcess(identity, signal)) throw new Error(`${component} is not running`);
  if (signal !== 'SIGKILL' && signal !== 'SIGTERM') return;
  await until(() => (isAlive(identity) ? undefined : true), {
    what: `${component} to exit`,
    everyMs: 20,
  });
  rmSync(join(paths.processes, component), { force: true });
}
