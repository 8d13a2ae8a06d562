/** Names the cause of a crash that was not a loop, with the log line that shows it. Its result is advice, never a repair. */
import type { CrashCause, CrashDiagnosis, Death } from './evidence.ts';
import { plainLines } from './log-lines.ts';

type AdvisedCause = Exclude<CrashCause, 'NodeRestarted'>;

const ADVICE: Record<AdvisedCause, string> = {
  OutOfMemory:
    'CoreDNS exceeded its memory limit. A forwarding loop can cause that if the Corefile lacks the loop plugin, or if the loop began after the start. Check that the Corefile contains `loop` and that no upstream server leads back to the cluster; otherwise raise the memory limit, or lower cache and max_concurrent.',
  StartFailed:
    'The container could not be started, because of its image, its command or a mounted file. The events of the pod name the reason: `kubectl -n kube-system describe pod POD`, with the name of the pod for POD.',
  CorefileError:
    'CoreDNS rejects its Corefile. Correct the line named in the message: `kubectl -n kube-system edit configmap coredns`. After an upgrade of CoreDNS, look for plugins that the new release has removed.',
  NoUpstream:
    "The resolv.conf that CoreDNS was given lists no nameserver. Make sure that the file that the kubelet's resolvConf points to on this node lists upstream servers (the comment `No DNS servers known` means that no link has one configured), then delete the pod.",
  BindFailed:
    'CoreDNS could not bind its port. Look for another program on that address (host network), for an address after `bind` that the pod does not have, or, after `permission denied`, for the missing capability NET_BIND_SERVICE.',
  ApiUnreachable:
    'CoreDNS could not reach the API server through its Service address. Check kube-proxy and the network plugin on this node, and the ServiceAccount of CoreDNS.',
  LogFileError:
    'CoreDNS could not create its log file because its root file system is read-only. Mount an emptyDir at /tmp in the pod template: `kubectl -n kube-system edit deployment coredns`.',
  Panic: 'CoreDNS crashed because of a bug. Upgrade it, and report the stack trace to the CoreDNS project.',
  LateLoop:
    'CoreDNS reached its limit of concurrent queries. Apart from overload, this is the symptom of a loop that began after the start, which the loop plugin does not detect. Check whether an upstream server forwards back to the cluster.',
  LivenessKill:
    'The container was killed from outside, most often because its liveness probe failed or because it did not stop in time. Check the CPU and memory load of the node and the events of the pod: `kubectl -n kube-system describe pod POD`, with the name of the pod for POD.',
  GracefulStop: 'CoreDNS was asked to stop and did. No action is needed unless this repeats.',
  UpstreamTimeout:
    'The upstream servers do not answer. Check from a pod on this node that they answer on UDP and TCP port 53.',
  UpstreamRefused:
    'The upstream servers refuse connections. Check that a DNS server runs at the address in the message. If that is a 127.x address, the node gave its local stub to the pod.',
  UnknownCrash:
    'The cause is unknown. Read the log of the crashed container: `kubectl -n kube-system logs --previous POD`, with the name of the pod for POD.',
};

/**
 * The last line that matches the first matching rule counts. Each pattern is anchored at the start of what CoreDNS
 * itself wrote, and matches a query name with \S+: white space in a client's name is escaped.
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
/** What the runtime reports for a container whose process was gone when the runtime started again. */
const LOST = { exitCode: 255, reason: 'Unknown' };
const START_FAILURES: readonly string[] = ['StartError', 'ContainerCannotRun'];

/** The container was lost in a restart of its node. That is known without a log, which may not have survived either. */
export const isNodeRestart = ({ exitCode, reason }: Pick<Death, 'exitCode' | 'reason'>): boolean =>
  exitCode === LOST.exitCode && reason === LOST.reason;

export function classifyCrash(death: Death, log: string): CrashDiagnosis {
  if (isNodeRestart(death)) return NODE_RESTARTED;
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

/** An event has room for this much of a log line. */
const MAX_LINE = 300;

function crash(cause: AdvisedCause, death: Death, line: string | undefined): CrashDiagnosis {
  const how = `The container ended with exit code ${death.exitCode}${death.reason ? ` (${death.reason})` : ''}`;
  return {
    kind: 'crash',
    cause,
    message: line === undefined ? `${how}. The log gives no reason.` : `${how}: ${line.slice(0, MAX_LINE)}`,
    remedy: { kind: 'advice', advice: ADVICE[cause] },
  };
}
