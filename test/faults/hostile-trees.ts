/** Nodes prepared to attack the agent, each with the end of a repair there. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';

export interface HostileTree {
  readonly what: string;
  /** By its name in `node-layouts.ts`. @default 'kubeadm' */
  readonly layout?: string;
  readonly prepare: (at: (path: string) => string) => void;
  /** Outcome and reason. */
  readonly ends: string;
}

const CONFIG = '/var/lib/kubelet/config.yaml';
const DROP_INS = '/etc/kubernetes/kubelet.conf.d';
const STATE = '/var/lib/dnshealth';
/** In a directory that the agent may write in, so that only its own checks protect it. */
export const VICTIM = '/var/lib/kubelet/victim/config.yaml';
const REFUSED = 'refused UnsafePath';

/** The configuration is not a regular file. */
const instead =
  (make: (path: string, at: (path: string) => string) => void) =>
  (at: (path: string) => string): void => {
    rmSync(at(CONFIG));
    make(at(CONFIG), at);
  };
const content = (bytes: string | Buffer) => (at: (path: string) => string) =>
  writeFileSync(at(CONFIG), bytes);
const HEAD = 'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n';
const bomb = Array.from(
  { length: 9 },
  (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(', ')}]`,
).join('\n');

/** An unfinished journal that makes the agent restore "old bytes" into a file of the attacker's choice. */
const forged =
  (file: { directory: string; name: string }) =>
  (at: (path: string) => string): void => {
    const [old, now] = ['evil: true\n', readFileSync(at(VICTIM), 'utf8')];
    const sum = (text: string): string => createHash('sha256').update(text).digest('hex');
    mkdirSync(at(`${STATE}/evil`), { mode: 0o700 });
    writeFileSync(at(`${STATE}/evil/config.yaml.${sum(old).slice(0, 12)}`), old);
    const change = {
      path: VICTIM,
      line: 1,
      before: '',
      after: '',
      sha256Before: sum(old),
      sha256After: sum(now),
      backup: '',
    };
    const journal = { version: 1, remediation: 'evil', nonce: 'n', step: 'undoing', file, change, times: {} };
    const rest = { evidence: { layout: 'kubeadm' }, mustServe: false, pidBefore: 1, pidAfter: 2 };
    writeFileSync(
      at(`${STATE}/journal.json`),
      JSON.stringify({ ...journal, ...rest, restarts: 1, bytesSinceMs: 0 }),
    );
  };

export const HOSTILE_TREES: readonly HostileTree[] = [
  {
    what: 'the configuration is an absolute link to another file',
    prepare: instead((path) => symlinkSync(VICTIM, path)),
    ends: REFUSED,
  },
  {
    what: 'the configuration is a relative link to another file',
    prepare: instead((path) => symlinkSync('victim/config.yaml', path)),
    ends: REFUSED,
  },
  {
    what: 'the configuration is a relative link that leaves the node',
    prepare: instead((path) => symlinkSync('../../../../../../etc/passwd', path)),
    ends: 'refused UnknownLayout',
  },
  {
    what: 'the configuration is a loop of links',
    prepare: instead((path) => symlinkSync('config.yaml', path)),
    ends: REFUSED,
  },
  {
    what: 'the configuration is a FIFO',
    prepare: instead((path) => execFileSync('mkfifo', [path])),
    ends: REFUSED,
  },
  {
    what: 'the configuration is a device',
    prepare: instead((path) => execFileSync('mknod', [path, 'c', '1', '5'])),
    ends: REFUSED,
  },
  { what: 'the configuration is a directory', prepare: instead((path) => mkdirSync(path)), ends: REFUSED },
  {
    what: 'the configuration has a second hard link',
    prepare: instead((path, at) => linkSync(at(VICTIM), path)),
    ends: REFUSED,
  },
  {
    what: 'the configuration is huge',
    prepare: content(`${HEAD}${'# x\n'.repeat(1 << 19)}`),
    ends: REFUSED,
  },
  {
    what: 'the configuration is an alias bomb',
    prepare: content(`${HEAD}a0: &a0 [x]\n${bomb}\n`),
    ends: 'refused ConfigNotParseable',
  },
  {
    what: 'the configuration is nested extremely deep',
    prepare: content(`${HEAD}x: ${'['.repeat(100_000)}${']'.repeat(100_000)}\n`),
    ends: 'refused ConfigNotParseable',
  },
  {
    what: 'the configuration is nested extremely deep on one line',
    prepare: content(`${HEAD}x:\n  ${'- '.repeat(400_000)}y\n`),
    ends: 'refused ConfigNotParseable',
  },
  {
    what: 'the value is a path with a NUL byte',
    prepare: content(`${HEAD}resolvConf: "/etc/\\0resolv.conf"\n`),
    ends: 'refused CurrentUnreadable: The kubelet reads "/etc/\\u0000resolv.conf"',
  },
  {
    what: 'the configuration has NUL bytes',
    prepare: content(`${HEAD}resolvConf: "/etc/\0resolv.conf"\n`),
    ends: 'refused CurrentUnreadable',
  },
  {
    what: 'the configuration is not UTF-8',
    prepare: content(Buffer.concat([Buffer.from(HEAD), Buffer.from([0xff, 0xfe, 0x0a])])),
    ends: 'refused ConfigNotParseable',
  },
  {
    what: 'the directory of the configuration is world-writable',
    prepare: (at) => chmodSync(at('/var/lib/kubelet'), 0o777),
    ends: REFUSED,
  },
  {
    what: 'the directory of drop-ins is a link to another one',
    layout: 'drop-in',
    prepare: (at) => {
      renameSync(at(`${DROP_INS}/10-dns.conf`), at('/var/lib/kubelet/victim/10-dns.conf'));
      rmSync(at(DROP_INS), { recursive: true });
      symlinkSync('/var/lib/kubelet/victim', at(DROP_INS));
    },
    ends: REFUSED,
  },
  {
    what: 'the incident’s own directory is a link',
    prepare: (at) => symlinkSync('/var/lib/kubelet/victim', at(`${STATE}/node-1-abc`)),
    ends: REFUSED,
  },
  {
    what: 'the journal is a link',
    prepare: (at) => symlinkSync('../kubelet/victim/config.yaml', at(`${STATE}/journal.json`)),
    ends: 'failed',
  },
  {
    what: 'the journal is forged: it names a file in another directory',
    prepare: forged({ directory: '/etc/ssh', name: 'config.yaml' }),
    ends: 'failed',
  },
  {
    what: 'the journal is forged: its directory leads upwards',
    prepare: forged({ directory: '/var/lib/kubelet/x/../victim', name: 'config.yaml' }),
    ends: 'failed',
  },
  {
    what: 'the journal is forged: its file name is a path',
    prepare: forged({ directory: '/var/lib/kubelet', name: 'victim/config.yaml' }),
    ends: 'failed',
  },
  {
    what: 'the journal does not match its schema',
    prepare: (at) => writeFileSync(at(`${STATE}/journal.json`), '{"version":1}'),
    ends: 'failed',
  },
  {
    what: 'the name of the temporary file is taken by a link',
    prepare: (at) => symlinkSync('victim/config.yaml', at('/var/lib/kubelet/.config.yaml.dnshealth-tmp')),
    ends: 'repaired',
  },
  {
    what: 'the lock is a link',
    prepare: (at) => symlinkSync('../kubelet/victim/config.yaml', at(`${STATE}/lock.sock`)),
    ends: 'repaired',
  },
  {
    what: 'a file lies where other installers have a directory',
    prepare: (at) => {
      writeFileSync(at('/etc/rancher'), '');
      writeFileSync(at('/etc/kubernetes/kubelet'), 'KUBELET_ARGS=\n');
    },
    ends: 'repaired',
  },
  {
    what: 'a directory of its own excludes even root without capabilities',
    prepare: (at) => {
      mkdirSync(at('/etc/rancher'), { mode: 0o700 });
      chownSync(at('/etc/rancher'), 997, 997);
    },
    ends: 'refused NotReadable',
  },
  {
    what: 'the directory of resolv.conf files excludes even root without capabilities',
    prepare: (at) => {
      chmodSync(at('/run/systemd/resolve'), 0o700);
      chownSync(at('/run/systemd/resolve'), 997, 997);
    },
    ends: 'refused CurrentUnreadable',
  },
  {
    what: 'the directory of drop-ins excludes even root without capabilities',
    layout: 'drop-in',
    prepare: (at) => {
      chmodSync(at(DROP_INS), 0o700);
      chownSync(at(DROP_INS), 997, 997);
    },
    ends: 'refused NotReadable',
  },
];
