/** Names the cause of a container death that was no loop, with the line that says so. Never leads to a change anywhere. */
import type { CrashCause, CrashDiagnosis, Death } from './evidence.ts';
import { plainLines } from './log-lines.ts';

type AdvisedCause = Exclude<CrashCause, 'NodeRestarted'>;

const ADVICE: Record<AdvisedCause, string> = {
  OutOfMemory:
    'CoreDNS ran into its memory limit. A forwarding loop does that too where the Corefile has no `loop`, or where the loop began after the start: check that no upstream server leads back to the cluster and that `loop` is in the Corefile; otherwise raise the limit or lower the cache and max_concurrent.',
  StartFailed:
    'The container could not be started. Look at the events of the pod: the image, the command or a mounted file is not what the workload says.',
  CorefileError:
    'CoreDNS refuses its Corefile. Correct the named line in the ConfigMap kube-system/coredns; after an upgrade, look for plugins that the new release has dropped.',
  NoUpstream:
    'The resolv.conf that CoreDNS was given lists no server. Make sure that the file which the kubelet of this node names as resolvConf holds upstream servers (`No DNS servers known` means that the link has none configured), then delete the pod.',
  BindFailed:
    'CoreDNS could not take its port. Look for another program on that address (host network), for an address after `bind` that the pod does not have, or, for `permission denied`, for the missing capability NET_BIND_SERVICE.',
  ApiUnreachable:
    'CoreDNS could not reach the API server through its Service address. Check kube-proxy and the network plugin on this node, and the ServiceAccount of CoreDNS.',
  LogFileError:
    'CoreDNS could not create its log file because its root file system is read-only. Mount an emptyDir at /tmp in the pod template.',
  Panic: 'CoreDNS crashed on a programming error. Upgrade it, and report the trace to the CoreDNS project.',
  LateLoop:
    'CoreDNS hit its limit of concurrent queries. Besides plain overload this is what a loop looks like that began after the start, which the loop plugin does not see: check whether an upstream server forwards back to the cluster.',
  LivenessKill:
    'The container was killed from outside, most often because its liveness probe failed or it did not stop in time. Look at the events of the pod, and at the load and the memory of the node.',
  GracefulStop: 'CoreDNS was asked to stop and did. Nothing has to be done unless it repeats.',
  UpstreamTimeout:
    'The upstream servers do not answer. Check from a pod on this node that they are reachable over UDP and TCP port 53.',
  UpstreamRefused:
    'The upstream servers refuse connections. Check that a DNS server runs at the named address; an address of 127.x there means that the node handed its local stub to the pod.',
  UnknownCrash: 'Read the log of the previous container: `kubectl -n kube-system logs --previous POD`.',
};

/**
 * The last matching line of the first matching rule counts. Each is anchored at the start of what CoreDNS itself
 * wrote, and steps over a query name with \S+: a client's name has its white space escaped.
 */
const FATAL_LINES: readonly (readonly [AdvisedCause, RegExp])[] = [
  ['Panic', /^(?:panic: |fatal error: |runtime: out of memory|SIGSEGV)/],
  ['LogFileError', /^log: (?:cannot create log|exiting because of error): /],
  [
    'BindFailed',
    /^(?:\[(?:FATAL|ERROR)\] )?(?:plugin\/\w+: )?(?:Listen: |Starting server: )?listen (?:tcp|udp)\d? \S*: bind: /i,
  ],
  [
    'NoUpstream',
    /^plugin\/(?:forward|proxy): (?:.*: )?(?:no nameservers found|no valid upstream addresses found)/,
  ],
  [
    'ApiUnreachable',
    /^plugin\/kubernetes: (?:.*(?:dial tcp|connect: |i\/o timeout|TLS handshake|context deadline|x509: )|unable to load in-cluster configuration|open \/var\/run\/secrets)/,
  ],
  ['CorefileError', /^(?:\S+ ?: )*\S*:\d+ - (?:Error during parsing|Syntax error|Error)/],
  ['CorefileError', /^(?:loading Caddyfile|Could not load|Error during parsing|Corefile)/i],
  ['CorefileError', /^cannot serve \S+ - /],
  ['CorefileError', /^plugin\/\w+: /],
];

const API_WAIT =
  /^\[(?:WARNING|INFO)\] plugin\/kubernetes: (?:starting server with unsynced Kubernetes API|Kubernetes API connection failure)/;
const SHUTDOWN = /^\[INFO\] (?:SIG(?:TERM|INT): Shutting down|plugin\/health: Going into lameduck mode)/;
const PLUGIN_ERRORS = String.raw`^\[ERROR\] plugin\/errors: \d+ \S+ \S+: (?:unreachable backend: )?`;
const LATE_LOOP = new RegExp(`${PLUGIN_ERRORS}concurrent queries exceeded maximum \\d+`);
const RUNNING_LINES: readonly (readonly [AdvisedCause, RegExp])[] = [
  ['LateLoop', LATE_LOOP],
  ['ApiUnreachable', API_WAIT],
  ['UpstreamRefused', new RegExp(`${PLUGIN_ERRORS}.*connection refused$`)],
  ['UpstreamTimeout', new RegExp(`${PLUGIN_ERRORS}.*(?:i/o timeout|no healthy proxies|no healthy upstream)`)],
];

const SIGKILLED = 137;
const SIGTERMED = 143;
/** What the runtime reports for a container whose process was gone when the runtime came up again. */
const LOST = { exitCode: 255, reason: 'Unknown' };
const START_FAILURES: readonly string[] = ['StartError', 'ContainerCannotRun'];

export function classifyCrash(death: Death, log: string): CrashDiagnosis {
  if (death.exitCode === LOST.exitCode && death.reason === LOST.reason) return NODE_RESTARTED;
  const lines = plainLines(log);
  const lastLine = (pattern: RegExp) => lines.findLast((line) => pattern.test(line));
  const find = (rules: readonly (readonly [AdvisedCause, RegExp])[]) => {
    for (const [cause, pattern] of rules) {
      const line = lastLine(pattern);
      if (line !== undefined) return crash(cause, death, line);
    }
    return null;
  };

  if (death.reason === 'OOMKilled') return crash('OutOfMemory', death, lastLine(LATE_LOOP));
  if (START_FAILURES.includes(death.reason)) return crash('StartFailed', death, lines.at(-1));
  if (death.exitCode === 0 || death.exitCode === SIGTERMED) {
    return crash('GracefulStop', death, lastLine(SHUTDOWN));
  }
  if (death.exitCode === SIGKILLED) {
    const late = find([['LateLoop', LATE_LOOP]]);
    return late ?? crash('LivenessKill', death, lines.at(-1));
  }
  return (
    find(FATAL_LINES) ??
    find([['GracefulStop', SHUTDOWN]]) ??
    find(RUNNING_LINES) ??
    crash('UnknownCrash', death, lines.at(-1))
  );
}

const NODE_RESTARTED: CrashDiagnosis = {
  kind: 'crash',
  cause: 'NodeRestarted',
  message: `The container ended with the node's restart (exit code ${LOST.exitCode}, reason ${LOST.reason}).`,
  remedy: { kind: 'none' },
};

/** As much of a line as fits into an event beside the rest. */
const MAX_LINE = 300;

function crash(cause: AdvisedCause, death: Death, line: string | undefined): CrashDiagnosis {
  const how = `exit code ${death.exitCode}${death.reason ? `, ${death.reason}` : ''}`;
  const said = line === undefined ? 'the log says nothing' : line.slice(0, MAX_LINE);
  return {
    kind: 'crash',
    cause,
    message: `${how}: ${said}`,
    remedy: { kind: 'advice', advice: ADVICE[cause] },
  };
}
