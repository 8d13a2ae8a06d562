/** Entry point of the node side: wires the verbs to the node as the Job mounts it, runs one of them, exits. */

import { existsSync, writeFileSync } from 'node:fs';
import { uptime } from 'node:os';
import { systemClock } from './agent/clock.ts';
import { readOwnResolvConf } from './agent/files/own-resolv-conf.ts';
import { jsonLog } from './agent/log.ts';
import { runAgent } from './agent/run-agent.ts';
import { kubeletServes } from './agent/unit/kubelet-port.ts';
import {
  AGENT_ENDED_PATH,
  HAND_OVER_DIRECTORY,
  HOST_ROOT,
  REPORT_PATH,
  REQUEST_ENV,
} from './api/agent-protocol.ts';

/** Who may own the directories of the agent and of the kubelet: root. */
const TRUSTED_UID = 0;
const started = new Date(performance.timeOrigin).toISOString();
const logOf = (fields: { readonly remediation?: string }) =>
  jsonLog({ program: 'dnshealth-agent', ...fields }, (line) => process.stdout.write(line));

// The verb decides what a signal means: before the first write it ends, after that it finishes or undoes.
const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.on(signal, () => stop.abort(new Error(`received ${signal}`)));

/** The node that a verb works on. Loaded on demand: `check` needs no YAML and no D-Bus. */
async function node(log = logOf({})) {
  const [{ SystemdKubelet }, { askServer }] = await Promise.all([
    import('./agent/unit/systemd-kubelet.ts'),
    import('./agent/decide/ask-server.ts'),
  ]);
  return {
    hostRoot: HOST_ROOT,
    unit: new SystemdKubelet(`${HOST_ROOT}/run/dbus/system_bus_socket`),
    clock: systemClock,
    ask: askServer,
    stop: stop.signal,
    started,
    uptimeMs: () => uptime() * 1000,
    log,
    ownResolvConf: readOwnResolvConf,
  };
}

/** The same for the verbs that write. */
const writable = async ({ remediation }: { readonly remediation: string }) => ({
  ...(await node(logOf({ remediation }))),
  trustedUid: TRUSTED_UID,
  // Only the pod of a Job with a guard has this directory.
  expectsGuard: existsSync(HAND_OVER_DIRECTORY),
  kubeletServes,
});

const exitCode = await runAgent({
  request: process.env[REQUEST_ENV],
  reportPath: REPORT_PATH,
  started,
  log: logOf({}),
  repair: async (request) => {
    const [{ repair }, context] = await Promise.all([import('./agent/repair.ts'), writable(request)]);
    return repair(request, context);
  },
  rollback: async (request) => {
    const [{ rollback }, context] = await Promise.all([import('./agent/rollback.ts'), writable(request)]);
    return rollback(request, context);
  },
  guard: async (request) => {
    const [{ guard }, context] = await Promise.all([import('./agent/guard.ts'), writable(request)]);
    return guard(request, { ...context, agentEnded: () => existsSync(AGENT_ENDED_PATH) });
  },
  inspect: async (request) => {
    const [{ inspect }, context] = await Promise.all([import('./agent/inspect.ts'), node()]);
    const report = await inspect(request, { ...context, trustedUid: TRUSTED_UID });
    // Verbatim, for `kubectl logs`: the report has it in one line of JSON, shortened if it is long.
    process.stdout.write(report.diff ?? '');
    return report;
  },
  check: async (request) => (await import('./agent/check.ts')).check(request),
  sayEnded: () => {
    if (existsSync(HAND_OVER_DIRECTORY)) writeFileSync(AGENT_ENDED_PATH, '');
  },
});

// Not by waiting for the last handle: a connection to the bus or the kubelet that lingers would keep the Job running.
process.exit(exitCode);
