/** What CoreDNS logs when it ends for other reasons than a loop, in the wording of its releases. */
import { describe, expect, it } from 'vitest';
import { classifyCrash } from './crash.ts';

const death = (exitCode: number, reason = 'Error') => ({ exitCode, reason, startedAt: 0, finishedAt: 1000 });
const START = [
  '.:53',
  '[INFO] plugin/reload: Running configuration SHA512 = 591c',
  'CoreDNS-1.10.1',
  'linux/amd64, go1.20, 055b2c3',
];
const CORE_ERROR = '[ERROR] plugin/errors: 2';

describe('classifyCrash with exit code 1', () => {
  it.each([
    ['CorefileError', "/etc/coredns/Corefile:10 - Error during parsing: Unknown directive 'proxy'"],
    [
      'CorefileError',
      "plugin/kubernetes: /etc/coredns/Corefile:25 - Error during parsing: unknown property 'upstream'",
    ],
    [
      'CorefileError',
      'plugin/forward: failed to resolve "/etc/coredns/missing.conf": lookup /etc/coredns/missing.conf: no such host',
    ],
    ['CorefileError', 'loading Caddyfile via flag: open /etc/coredns/Corefile: no such file or directory'],
    ['CorefileError', 'cannot serve dns://.:53 - it is already defined'],
    [
      'CorefileError',
      "2018/09/06 13:02:45 /etc/coredns/Corefile:3 - Error during parsing: Unknown directive 'x'",
    ],
    ['NoUpstream', 'plugin/forward: no nameservers found'],
    ['NoUpstream', 'plugin/forward: no valid upstream addresses found'],
    ['BindFailed', 'Listen: listen tcp :53: bind: permission denied'],
    ['BindFailed', 'Listen: listen udp 10.0.0.1:53: bind: cannot assign requested address'],
    ['BindFailed', 'listen tcp :53: bind: address already in use'],
    ['BindFailed', 'plugin/health: listen tcp :8080: bind: address already in use'],
    [
      'ApiUnreachable',
      'plugin/kubernetes: Get "https://10.43.0.1:443/version?timeout=32s": dial tcp 10.43.0.1:443: connect: connection refused',
    ],
    [
      'ApiUnreachable',
      'plugin/kubernetes: unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined',
    ],
    ['ApiUnreachable', '[WARNING] plugin/kubernetes: starting server with unsynced Kubernetes API'],
    [
      'LogFileError',
      'log: exiting because of error: log: cannot create log: open /tmp/coredns.log: read-only file system',
    ],
    ['Panic', 'panic: runtime error: invalid memory address or nil pointer dereference'],
    ['GracefulStop', '[INFO] SIGTERM: Shutting down servers then terminating'],
    ['LateLoop', '[ERROR] plugin/errors: 5 example.com. A: concurrent queries exceeded maximum 1000'],
    [
      'UpstreamTimeout',
      `${CORE_ERROR} 11.22. HINFO: read udp 10.244.58.198:56111->198.51.100.98:53: i/o timeout`,
    ],
    [
      'UpstreamTimeout',
      `${CORE_ERROR} 11.22. HINFO: unreachable backend: read udp 10.244.0.5:1->10.0.0.2:53: i/o timeout`,
    ],
    [
      'UpstreamRefused',
      `${CORE_ERROR} 11.22. HINFO: read udp 127.0.0.1:43013->127.0.0.53:53: read: connection refused`,
    ],
    ['UnknownCrash', 'some line that matches no rule'],
  ] as const)('%s: %s', (cause, line) => {
    const crash = classifyCrash(death(1), [...START, line].join('\n'));
    expect(crash).toMatchObject({ kind: 'crash', cause, remedy: { kind: 'advice' } });
    // The message contains the line, without the date with which old releases began it.
    expect(crash.message).toContain(line.replace(/^\d{4}\S+ \S+ /, ''));
    expect(crash.message).toContain('exit code 1');
  });

  it('prefers the line that ended the process to errors before and after it', () => {
    const log = [
      `${CORE_ERROR} a. A: i/o timeout`,
      'Listen: listen tcp :53: bind: permission denied',
      `${CORE_ERROR} b. A: i/o timeout`,
    ];
    expect(classifyCrash(death(1), log.join('\n')).cause).toBe('BindFailed');
  });

  it.each([
    '[INFO] 10.0.0.1:5 - 7 "A IN panic: udp 62"',
    '[INFO] plugin/forward: no nameservers found',
    '[INFO] x Listen: listen tcp :53: bind: permission denied',
    `${CORE_ERROR} concurrent\\032queries\\032exceeded\\032maximum\\0321000. A: server misbehaving`,
  ])('does not take a cause from a query name: %s', (line) => {
    expect(classifyCrash(death(1), line).cause).toBe('UnknownCrash');
  });

  it('says in the message that an empty log gives no reason', () => {
    expect(classifyCrash(death(1), '')).toMatchObject({
      cause: 'UnknownCrash',
      message: 'The container ended with exit code 1 (Error). The log gives no reason.',
    });
  });

  it('keeps the message short enough for an event', () => {
    expect(classifyCrash(death(1), 'x'.repeat(5000)).message.length).toBeLessThan(400);
  });
});

describe('classifyCrash by exit code and reason', () => {
  const late = '[ERROR] plugin/errors: 5 example.com. A: concurrent queries exceeded maximum 1000';
  it.each([
    ['OutOfMemory', death(137, 'OOMKilled'), late],
    ['LivenessKill', death(137), START.join('\n')],
    ['LateLoop', death(137), late],
    ['GracefulStop', death(0, 'Completed'), '[INFO] SIGTERM: Shutting down servers then terminating'],
    ['GracefulStop', death(143), ''],
    ['StartFailed', death(128, 'StartError'), ''],
    ['Panic', death(2), 'panic: x'],
    ['NodeRestarted', death(255, 'Unknown'), ''],
    ['NodeRestarted', death(255, 'Unknown'), late],
    ['UnknownCrash', death(255), ''],
    ['UnknownCrash', death(255, ''), ''],
    ['UnknownCrash', death(1, 'Unknown'), ''],
  ] as const)('%s', (cause, how, log) => {
    expect(classifyCrash(how, log).cause).toBe(cause);
  });

  it('gives no advice after a restart of the node', () => {
    expect(classifyCrash(death(255, 'Unknown'), START.join('\n'))).toEqual({
      kind: 'crash',
      cause: 'NodeRestarted',
      message: "The container ended with the node's restart (exit code 255, reason Unknown).",
      remedy: { kind: 'none' },
    });
  });
});
