/** Entry point of the node side: wires the four verbs to the node as the Job mounts it, runs one of them, exits. */

import { systemClock } from './agent/clock.ts';
import { jsonLog } from './agent/log.ts';
import { runAgent } from './agent/run-agent.ts';
import { kubeletServes } from './agent/unit/kubelet-port.ts';
import { HOST_ROOT, REPORT_PATH, REQUEST_ENV } from './api/agent-protocol.ts';

const started = new Date(performance.timeOrigin).toISOString();
const log = jsonLog({ program: 'dnshealth-agent' }, (line) => process.stdout.write(line));

// The run itself decides what a signal means: before the first write it ends, after that it finishes or undoes.
const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop.abort());

/** What the node is looked at with. Loaded when a verb asks for it: `prove` needs no YAML and no D-Bus. */
async function node() {
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
  };
}

/** The same for the verbs that write. */
async function writable({ remediation }: { readonly remediation: string }) {
  return {
    ...(await node()),
    trustedUid: 0,
    kubeletServes,
    log: jsonLog({ program: 'dnshealth-agent', remediation }, (line) => process.stdout.write(line)),
  };
}

const exitCode = await runAgent({
  request: process.env[REQUEST_ENV],
  reportPath: REPORT_PATH,
  started,
  log,
  repair: async (request) => {
    const [{ repair }, context] = await Promise.all([import('./agent/repair.ts'), writable(request)]);
    return repair(request, context);
  },
  rollback: async (request) => {
    const [{ rollback }, context] = await Promise.all([import('./agent/rollback.ts'), writable(request)]);
    return rollback(request, context);
  },
  inspect: async (request) => {
    const [{ inspect }, context] = await Promise.all([import('./agent/inspect.ts'), node()]);
    const report = await inspect(request, context);
    // As it is, for `kubectl logs`: the report below holds it in one line of JSON, and shortened if it is long.
    process.stdout.write(report.diff ?? '');
    return report;
  },
  prove: async (request) => (await import('./agent/prove.ts')).prove(request),
});

// Not by waiting for the last handle: a connection to the bus or the kubelet that lingers would keep the Job running.
process.exit(exitCode);
