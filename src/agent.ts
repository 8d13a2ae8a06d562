/** Entry point of the node side: wires the two verbs to the node as the Job mounts it, runs one of them, exits. */

import { systemClock } from './agent/clock.ts';
import { jsonLog } from './agent/log.ts';
import { runAgent } from './agent/run-agent.ts';
import { kubeletAnswers } from './agent/sign-of-life.ts';
import { HOST_ROOT, REPORT_PATH, REQUEST_ENV } from './api/agent-protocol.ts';

const started = new Date(performance.timeOrigin).toISOString();
const log = jsonLog({ program: 'dnshealth-agent' }, (line) => process.stdout.write(line));

// The run itself decides what a signal means: before the first write it ends, after that it finishes or undoes.
const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop.abort());

const exitCode = await runAgent({
  request: process.env[REQUEST_ENV],
  reportPath: REPORT_PATH,
  started,
  log,
  // Each verb is loaded when it is asked for: `prove` needs no YAML and no D-Bus.
  repair: async (request) => {
    const [{ repair }, { SystemdKubelet }, { askServer }] = await Promise.all([
      import('./agent/repair.ts'),
      import('./agent/systemd-kubelet.ts'),
      import('./agent/ask-server.ts'),
    ]);
    return repair(request, {
      hostRoot: HOST_ROOT,
      trustedUid: 0,
      unit: new SystemdKubelet(`${HOST_ROOT}/run/dbus/system_bus_socket`),
      clock: systemClock,
      answers: kubeletAnswers,
      ask: askServer,
      stop: stop.signal,
      log: jsonLog({ program: 'dnshealth-agent', remediation: request.remediation }, (line) =>
        process.stdout.write(line),
      ),
      started,
    });
  },
  prove: async (request) => (await import('./agent/prove.ts')).prove(request),
});

// Not by waiting for the last handle: a connection to the bus or the kubelet that lingers would keep the Job running.
process.exit(exitCode);
