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
    ['BindFailed', 'Listen: listen tcp :53: setsockopt: operation not permitted'],
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
    '[INFO] exec /coredns: exec format error',
    '  exec /coredns: exec format error',
    'x exec /coredns: exec format error',
    '[INFO] runtime: out of memory',
    `${CORE_ERROR} a.\\032A:\\032i/o\\032timeout. A: server misbehaving`,
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

/** Wordings of the kernel, Go and the container runtimes, with a part of the advice that names what to do. */
describe('classifyCrash names what is not a fault of CoreDNS', () => {
  it.each([
    ['WrongArchitecture', 'exec /coredns: exec format error', /kubernetes\.io\/arch.*crictl rmi/],
    [
      'WrongArchitecture',
      'standard_init_linux.go:211: exec user process caused "exec format error"',
      /another architecture.*damaged/,
    ],
    ['WrongArchitecture', 'standard_init_linux.go:228: exec user process caused: exec format error', /arch/],
    ['WrongArchitecture', 'exec user process caused "exec format error"', /arch/],
    ['WrongArchitecture', 'fork/exec /coredns: exec format error', /arch/],
    ['WrongArchitecture', '/bin/sh: /coredns: Exec format error', /arch/],
    ['WrongArchitecture', '/coredns: cannot execute binary file: Exec format error', /arch/],
    ['WrongArchitecture', 'exec container process `/coredns`: Exec format error', /arch/],
    [
      'WrongArchitecture',
      '{"msg":"exec container process `/coredns`: Exec format error","level":"error","time":"2024-01-01T00:00:00Z"}',
      /arch/,
    ],
    [
      'WrongArchitecture',
      'This program can only be run on AMD64 processors with v2 microarchitecture support.',
      /processor/,
    ],
    ['WrongArchitecture', 'SIGILL: illegal instruction', /processor/],
    ['NotPermitted', 'exec /coredns: operation not permitted', /NET_BIND_SERVICE/],
    [
      'NotPermitted',
      'standard_init_linux.go:219: exec user process caused: operation not permitted',
      /NET_BIND/,
    ],
    ['NotPermitted', 'exec /coredns: permission denied', /AppArmor, SELinux/],
    ['NotPermitted', 'runtime/cgo: pthread_create failed: Operation not permitted', /libseccomp/],
    ['StartFailed', 'exec /coredns: no such file or directory', /describe pod/],
    ['StartFailed', 'exec container process (missing dynamic library?) `/coredns`: No such file', /image/],
    [
      'OutOfMemory',
      'runtime: out of memory: cannot allocate 4194304-byte block (1073741824 in use)',
      /not a bug/,
    ],
    ['OutOfMemory', 'fatal error: runtime: out of memory', /MemoryPressure/],
    ['OutOfMemory', 'fatal error: out of memory', /memory limit/],
    ['OutOfMemory', 'runtime: cannot allocate memory', /not a bug/],
    ['OutOfMemory', 'fatal error: failed to reserve page summary memory', /not a bug/],
    ['ResourceLimit', 'runtime: failed to create new OS thread (have 11 already; errno=11)', /podPidsLimit/],
    ['ResourceLimit', 'runtime/cgo: pthread_create failed: Resource temporarily unavailable', /podPidsLimit/],
    ['ResourceLimit', 'fatal error: newosproc', /threads/],
    ['ResourceLimit', `${CORE_ERROR} a. A: dial udp 192.0.2.1:53: socket: too many open files`, /ulimit/],
    [
      'Overload',
      'panic: too many concurrent operations on a single file or socket (max 1048575)',
      /not a bug.*max_concurrent/,
    ],
    [
      'LateLoop',
      `${CORE_ERROR} a. A: read udp 10.244.0.5:4711->10.244.0.5:53: i/o timeout`,
      /from itself.*10\.244\.0\.5/,
    ],
    ['LateLoop', `${CORE_ERROR} a. A: read udp [fd00::5]:4711->[fd00:0::5]:53: i/o timeout`, /fd00:0::5/],
    ['LateLoop', `${CORE_ERROR} a. A: read tcp 127.0.0.1:4711->127.0.0.53:53: i/o timeout`, /127\.0\.0\.53/],
    ['LateLoop', `${CORE_ERROR} a. A: read udp [::1]:4711->[::1]:53: i/o timeout`, /::1/],
    [
      'NetworkUnreachable',
      `${CORE_ERROR} a. A: dial udp [2001:db8::1]:53: connect: network is unreachable`,
      /IPv6/,
    ],
    ['NoRouteToHost', `${CORE_ERROR} a. A: dial tcp 192.0.2.1:53: connect: no route to host`, /firewall/],
    [
      'NoRouteToHost',
      `${CORE_ERROR} a. A: read udp 10.0.0.5:1->192.0.2.1:53: read: no route to host`,
      /port 53/,
    ],
    [
      'NoRouteToHost',
      `${CORE_ERROR} a. A: write udp 10.0.0.5:1->192.0.2.1:53: write: operation not permitted`,
      /firewall/,
    ],
    ['UpstreamTimeout', `${CORE_ERROR} a. A: read udp 10.244.0.5:1->10.244.0.6:53: i/o timeout`, /answer/],
    [
      'UpstreamTimeout',
      '[ERROR] 2 a. A: unreachable backend: read udp 10.0.0.5:1->192.0.2.1:53: i/o timeout',
      /answer/,
    ],
    [
      'ApiUnreachable',
      'plugin/kubernetes: Get "https://10.96.0.1:443/version": dial tcp 10.96.0.1:443: connect: no route to host',
      /firewalld/,
    ],
    [
      'ApiUnreachable',
      'plugin/kubernetes: Get "https://[fd00::1]:443/version": dial tcp [fd00::1]:443: connect: network is unreachable',
      /IP family/,
    ],
    [
      'ApiUnreachable',
      '[ERROR] plugin/kubernetes: pkg/mod/k8s.io/client-go/reflector.go:167: Failed to watch *v1.Service: failed to list *v1.Service: Get "https://10.96.0.1:443/": dial tcp 10.96.0.1:443: connect: no route to host',
      /API server/,
    ],
    [
      'CorefileError',
      'plugin/forward: failed to resolve "/etc/coredns/up.conf": lookup /etc/coredns/up.conf: no such host',
      /forwards to \/etc\/coredns\/up\.conf/,
    ],
    ['Panic', 'fatal error: all goroutines are asleep - deadlock!', /bug/],
    ['Panic', 'fatal error: concurrent map writes', /bug/],
  ] as const)('%s: %s', (cause, line, advice) => {
    for (const log of [line, [...START, line].join('\n'), ` ${line}`]) {
      const { remedy, ...crash } = classifyCrash(death(2), log);
      expect(crash).toMatchObject({ kind: 'crash', cause });
      expect(remedy).toHaveProperty('advice', expect.stringMatching(advice));
    }
  });

  it('also where Go prints more about the end than one line', () => {
    const overload = ['panic: too many concurrent operations on a single file or socket (max 1048575)', ''];
    const stack = ['goroutine 123 [running]:', 'internal/poll.(*fdMutex).rwlock(0xc0000)', '\t/usr/x.go:7'];
    expect(classifyCrash(death(2), [...START, ...overload, ...stack].join('\n')).cause).toBe('Overload');
    const memory = [
      'runtime: out of memory: cannot allocate 8192-byte block',
      'fatal error: out of memory',
      '',
    ];
    expect(classifyCrash(death(2), [...START, ...memory, ...stack].join('\n')).cause).toBe('OutOfMemory');
  });

  it.each([
    ['WrongArchitecture', 'unable to start container process: exec /coredns: exec format error: unknown'],
    ['NotPermitted', 'unable to start container process: exec: "/coredns": permission denied: unknown'],
    ['StartFailed', 'exec: "/corednsx": stat /corednsx: no such file or directory: unknown'],
    ['StartFailed', 'error mounting "/x" to rootfs at "/etc/coredns": operation not permitted: unknown'],
  ] as const)('%s from the message about a container that never ran: %s', (cause, message) => {
    const start = { ...death(128, 'StartError'), message: `failed to create containerd task: ${message}` };
    expect(classifyCrash(start, '')).toMatchObject({ cause, message: expect.stringContaining(message) });
  });

  it.each([
    `${CORE_ERROR} a. A: read udp 127.0.0.1:1->127.0.0.53:53: read: connection refused`,
    `${CORE_ERROR} a. A: read udp 10.0.0.5:1->10.0.0.50:53: i/o timeout`,
    `${CORE_ERROR} a. A: read udp somewhere:1->somewhere:53: i/o timeout`,
  ])('sees no loop where the pod did not wait for itself: %s', (line) => {
    expect(classifyCrash(death(1), line).cause).not.toBe('LateLoop');
  });
});

describe('classifyCrash with the log of CoreDNS 1.2.6, whose plugins begin their lines with one blank', () => {
  it.each([
    [
      'UpstreamTimeout',
      ' [ERROR] plugin/errors: 2 a. A: unreachable backend: read udp 10.0.0.5:1->192.0.2.1:53: i/o timeout',
    ],
    ['LateLoop', ' [ERROR] plugin/errors: 2 a. A: read udp 10.0.0.5:1->10.0.0.5:53: i/o timeout'],
    ['ApiUnreachable', ' [WARNING] plugin/kubernetes: starting server with unsynced Kubernetes API'],
    ['GracefulStop', ' [INFO] plugin/health: Going into lameduck mode for 5s'],
    ['BindFailed', ' [FATAL] plugin/health: listen tcp :8080: bind: address already in use'],
  ] as const)('%s: %s', (cause, line) => {
    expect(
      classifyCrash(death(1), `.:53\n2018-12-20T08:14:02.117Z [INFO] CoreDNS-1.2.6\n${line}\n`).cause,
    ).toBe(cause);
  });
});

describe('the advice about a file without nameservers', () => {
  const advice = (corefile?: string) => {
    const { cause, remedy } = classifyCrash(
      death(1),
      'plugin/forward: no nameservers found',
      corefile === undefined ? {} : { corefile },
    );
    expect(cause).toBe('NoUpstream');
    return remedy.kind === 'advice' ? remedy.advice : '';
  };
  const forward = (...to: readonly string[]) =>
    `.:53 {\n errors\n forward . ${to.join(' ')} {\n policy sequential\n }\n}\n`;

  it.each([
    ['the pod gets it from the node', forward('/etc/resolv.conf')],
    ['the same in a release before 1.5', 'proxy . /etc/resolv.conf'.replace(/.*/, '.:53 {\n $&\n}')],
    ['the Corefile could not be read', undefined],
    ['the Corefile cannot be parsed', '.:53 {'],
    ['only the file of the node is a file', forward('192.0.2.1', '/etc/resolv.conf', 'tls://192.0.2.2')],
  ])('is about the node if %s', (_name, corefile) => {
    expect(advice(corefile)).toMatch(/kubelet's resolvConf/);
  });

  it('is about the files that the Corefile names, not about resolvConf', () => {
    const text = advice(
      forward('/etc/coredns/custom/override.conf', '/run/systemd/resolve/resolv.conf', '169.254.169.254:53'),
    );
    expect(text).toMatch(/override\.conf, \/run\/systemd\/resolve\/resolv\.conf/);
    expect(text).not.toMatch(/resolvConf|169\.254/);
  });

  it('names a file of another zone, and one in a snippet', () => {
    expect(advice('corp.example {\n forward . /etc/corp.conf\n}\n. {\n forward . 192.0.2.1\n}')).toMatch(
      /\/etc\/corp\.conf/,
    );
    expect(advice('(up) {\n proxy . /etc/up.conf\n}\n. {\n import up\n}')).toMatch(/\/etc\/up\.conf/);
  });

  it('is about a file that is named without its directory, and not about what is no file', () => {
    expect(advice(forward('upstream.conf', '192.0.2.1:53', '[2001:db8::1]:53', '{$MORE}'))).toMatch(
      /names upstream\.conf\. That file/,
    );
  });

  it('is about the import that has the forward line, if the Corefile has none', () => {
    expect(advice('. {\n errors\n import custom/*.override\n}')).toMatch(
      /custom\/\*\.override, which the Corefile imports/,
    );
  });

  it('is about both if the Corefile names both', () => {
    const text = advice(forward('/etc/resolv.conf', '/etc/other.conf'));
    expect(text).toMatch(/names \/etc\/other\.conf\..*kubelet's resolvConf/);
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
    ['StartFailed', death(127, 'ContainerCannotRun'), ''],
    ['Overload', death(137), 'panic: too many concurrent operations on a single file or socket'],
    ['LateLoop', death(137), `${CORE_ERROR} a. A: read udp 10.0.0.5:1->10.0.0.5:53: i/o timeout`],
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
