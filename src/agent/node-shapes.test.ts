/** Nodes as distributions, installers and administrators shape them: what a dry run says about each. */
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeNode, KUBEADM, UPLINK } from './testing/fake-node.ts';
import type { KubeletUnit } from './unit/kubelet-unit.ts';

const HEAD = 'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n';
const STUB = '/run/systemd/resolve/stub-resolv.conf';

let node: FakeNode;
beforeEach(() => {
  node = new FakeNode();
  for (const path of ['etc/kubernetes', 'etc/resolv.conf', 'run/systemd/resolve'])
    rmSync(join(node.root, path), { recursive: true });
});
afterEach(() => rmSync(node.root, { recursive: true }));

interface Shape {
  readonly argv?: readonly string[];
  readonly unit?: Partial<KubeletUnit>;
  readonly files: Readonly<Record<string, string>>;
  readonly links?: Readonly<Record<string, string>>;
  readonly request?: Readonly<Record<string, unknown>>;
  readonly answers?: Readonly<Record<string, string>>;
}

/** The unit of kubeadm's packages, which lies in /usr/lib. */
const KUBEADM_ARGV = ['/usr/bin/kubelet', '$KUBECONFIG_ARGS', '$CONFIG_ARGS', '$KUBEADM_ARGS', '$EXTRA_ARGS'];
const kubeadm = (extra = '/etc/default/kubelet'): Partial<KubeletUnit> => ({
  environment: [
    'KUBECONFIG_ARGS=--kubeconfig=/etc/kubernetes/kubelet.conf',
    `CONFIG_ARGS=--config=${KUBEADM}`,
  ],
  environmentFiles: ['/var/lib/kubelet/kubeadm-flags.env', extra],
  fragmentPath: '/usr/lib/systemd/system/kubelet.service',
  dropInPaths: ['/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf'],
});
const resolved = { [STUB]: 'nameserver 127.0.0.53\nsearch .\n', [UPLINK]: 'nameserver 192.0.2.1\n' };
const stubLink = { '/etc/resolv.conf': '../run/systemd/resolve/stub-resolv.conf' };

function build({ argv = KUBEADM_ARGV, unit = kubeadm(), files, links = {}, answers }: Shape): void {
  node.argv = [...argv];
  node.override = unit;
  for (const [path, text] of Object.entries(files)) node.write(path, text);
  for (const [path, target] of Object.entries(links)) {
    mkdirSync(dirname(join(node.root, path)), { recursive: true });
    symlinkSync(target, join(node.root, path));
  }
  if (answers) node.ask = async (server) => ({ result: answers[server] ?? 'timeout', ms: 1 });
}

const shapes: Readonly<Record<string, readonly [Shape, Readonly<Record<string, unknown>>]>> = {
  'an environment file where EKS has a directory': [
    {
      argv: ['/usr/bin/kubelet', '$LOGGING', '$ARGS'],
      unit: {
        environmentFiles: ['/etc/kubernetes/config', '/etc/kubernetes/kubelet'],
        fragmentPath: '/usr/lib/systemd/system/kubelet.service',
      },
      files: {
        '/etc/kubernetes/config': 'LOGGING="--v=0"\n',
        '/etc/kubernetes/kubelet': `ARGS="--config=${KUBEADM}"\n`,
        [KUBEADM]: `${HEAD}resolvConf: /etc/resolv.conf\n`,
        ...resolved,
      },
      links: stubLink,
    },
    { reason: 'WouldChange', diff: expect.stringContaining(KUBEADM) },
  ],
  'systemd-resolved switched off, and a good static file': [
    { files: { [KUBEADM]: HEAD, '/etc/resolv.conf': 'nameserver 192.0.2.1\n' } },
    { reason: 'CurrentIsUsable', advice: expect.stringContaining('DNS pod') },
  ],
  'the stub by its old path': [
    { files: { [KUBEADM]: `${HEAD}resolvConf: /var/run/systemd/resolve/stub-resolv.conf\n`, ...resolved } },
    { reason: 'WouldChange', current: expect.objectContaining({ class: 'stub' }) },
  ],
  'the uplink file by its old path': [
    { files: { [KUBEADM]: `${HEAD}resolvConf: /var/run/systemd/resolve/resolv.conf\n`, ...resolved } },
    { reason: 'CurrentIsUsable' },
  ],
  'a file of dnsmasq that is good': [
    {
      files: {
        [KUBEADM]: HEAD,
        '/etc/default/kubelet': 'EXTRA_ARGS=--resolv-conf=/var/run/dnsmasq/resolv.conf\n',
        '/run/dnsmasq/resolv.conf': 'nameserver 192.0.2.1\n',
        ...resolved,
      },
    },
    {
      reason: 'CurrentIsUsable',
      effective: expect.objectContaining({ source: expect.stringContaining('/etc/default/kubelet:1') }),
    },
  ],
  'resolvconf, with dnsmasq on loopback': [
    {
      files: { [KUBEADM]: HEAD, '/run/resolvconf/resolv.conf': 'nameserver 127.0.0.1\n', ...resolved },
      links: { '/etc/resolv.conf': '/run/resolvconf/resolv.conf' },
    },
    { reason: 'WouldChange', current: expect.objectContaining({ class: 'loopback' }) },
  ],
  'NetworkManager with a good file': [
    {
      files: { [KUBEADM]: HEAD, '/run/NetworkManager/resolv.conf': 'nameserver 192.0.2.1\n' },
      links: { '/etc/resolv.conf': '/var/run/NetworkManager/resolv.conf' },
    },
    { reason: 'CurrentIsUsable' },
  ],
  'a file that only the host can see, named by a flag': [
    {
      files: {
        [KUBEADM]: HEAD,
        '/etc/default/kubelet': '# mine\nEXTRA_ARGS=--resolv-conf=/srv/resolv.conf\n',
        ...resolved,
      },
    },
    { reason: 'CurrentUnreadable', message: expect.stringContaining('/etc/default/kubelet:2') },
  ],
  'a link of the installer to the uplink file': [
    {
      files: { [KUBEADM]: `${HEAD}resolvConf: /etc/resolv-for-kubelet.conf\n`, ...resolved },
      links: { '/etc/resolv-for-kubelet.conf': UPLINK },
    },
    { reason: 'CurrentIsUsable' },
  ],
  'Fedora with kubeadm, and no key': [
    {
      unit: kubeadm('/etc/sysconfig/kubelet'),
      files: { [KUBEADM]: HEAD, '/etc/sysconfig/kubelet': 'EXTRA_ARGS=\n', ...resolved },
      links: stubLink,
    },
    { reason: 'WouldChange', diff: expect.stringContaining(`+resolvConf: ${UPLINK}`) },
  ],
  'a resolver of the host on the address of the node': [
    {
      files: { [KUBEADM]: HEAD, ...resolved, [UPLINK]: 'nameserver 192.168.10.7\n' },
      links: stubLink,
      request: { known: { node: ['192.168.10.7'] } },
      answers: { '192.168.10.7': 'NXDOMAIN' },
    },
    { reason: 'WouldChange' },
  ],
  'a configuration with a final document separator': [
    { files: { [KUBEADM]: `${HEAD}resolvConf: /etc/resolv.conf\n---\n`, ...resolved }, links: stubLink },
    { reason: 'WouldChange', diff: expect.stringContaining('+resolvConf:') },
  ],
  'a configuration with a second document': [
    { files: { [KUBEADM]: `${HEAD}---\n${HEAD}`, ...resolved }, links: stubLink },
    { reason: 'ConfigNotParseable' },
  ],
  'no unit at all': [
    {
      unit: { loadState: 'not-found', activeState: 'inactive', subState: 'dead', execStart: [], mainPid: 0 },
      files: {},
    },
    { reason: 'UnitNotRunning' },
  ],
  'a masked unit': [
    {
      unit: { loadState: 'masked', activeState: 'inactive', subState: 'dead', execStart: [], mainPid: 0 },
      files: {},
    },
    { reason: 'UnitMasked' },
  ],
  'a cluster of one’s own on Azure': [
    { files: { [KUBEADM]: HEAD, '/etc/kubernetes/azure.json': '{}', ...resolved }, links: stubLink },
    { reason: 'WouldChange' },
  ],
};

describe('a node with', () => {
  it.each(Object.entries(shapes))('%s', async (_name, [shape, expected]) => {
    build(shape);
    expect(await node.inspect(shape.request)).toMatchObject(expected);
  });
});

describe('a flag that reaches the command line', () => {
  const UNIT = '/usr/lib/systemd/system/kubelet.service';
  const DROP_IN = '/etc/systemd/system/kubelet.service.d/20-dns.conf';
  const ENV = '/etc/sysconfig/kubelet';
  const FLAG = '--resolv-conf=/etc/resolv.conf';
  const base = { [KUBEADM]: HEAD, ...resolved };
  const CONFIG = `--config=${KUBEADM}`;

  it.each<[string, readonly string[], Partial<KubeletUnit>, Readonly<Record<string, string>>, string]>([
    [
      'as ${NAME} of an environment file',
      ['${V}', '${CONFIG}', '${DNS}'],
      { environmentFiles: [ENV] },
      { [ENV]: `V="--v=2"\nCONFIG="${CONFIG}"\nDNS="${FLAG}"\n` },
      `${ENV}:3`,
    ],
    [
      'with ${NAME} as its value',
      [CONFIG, '--resolv-conf=${DNS}'],
      { environmentFiles: [ENV] },
      { [ENV]: 'DNS=/etc/resolv.conf\n' },
      `${ENV}:1`,
    ],
    [
      'as two words, the second of them ${NAME}',
      [CONFIG, '--resolv-conf', '${DNS}'],
      { environmentFiles: [ENV] },
      { [ENV]: '# x\nDNS=/etc/resolv.conf\n' },
      `${ENV}:2`,
    ],
    [
      'as $NAME of an environment file, among others',
      ['$ARGS'],
      { environmentFiles: [ENV] },
      { [ENV]: `ARGS='${CONFIG} "${FLAG}" --v=2'\n` },
      `${ENV}:1`,
    ],
  ])('%s can be changed there', async (_what, words, unit, files, place) => {
    build({ argv: ['/usr/bin/kubelet', ...words], unit, files: { ...base, ...files }, links: stubLink });
    const report = await node.inspect();
    expect(report).toMatchObject({
      reason: 'WouldChange',
      effective: { value: '/etc/resolv.conf', source: `--resolv-conf in ${place}` },
    });
    expect(report.diff).toContain(UPLINK);
  });

  it.each<[string, readonly string[], Partial<KubeletUnit>, Readonly<Record<string, string>>, string]>([
    [
      'in the unit of a package',
      [CONFIG, FLAG],
      {},
      { [UNIT]: `[Service]\nExecStart=/usr/bin/kubelet \\\n  ${CONFIG} \\\n  # old: ${FLAG}\n  "${FLAG}"\n` },
      `${UNIT}:5`,
    ],
    [
      'in a drop-in that replaces the command of the unit',
      [CONFIG, FLAG],
      { dropInPaths: [DROP_IN] },
      {
        [UNIT]: `[Service]\nExecStart=/usr/bin/kubelet --resolv-conf=/x\n`,
        [DROP_IN]: `[Service]\nExecStart=\nExecStart=/usr/bin/kubelet ${CONFIG} ${FLAG}\n`,
      },
      `${DROP_IN}:3`,
    ],
    [
      'in the unit, and a drop-in only mentions it',
      [CONFIG, FLAG],
      { dropInPaths: [DROP_IN] },
      {
        [UNIT]: `[Service]\nExecStart=/usr/bin/kubelet ${CONFIG} ${FLAG}\n`,
        [DROP_IN]: `# no ${FLAG} here\n[Service]\nEnvironment=NOTE=--resolv-conf\n`,
      },
      `${UNIT}:2`,
    ],
    [
      'in Environment= of the unit, through ${NAME}',
      [CONFIG, '${DNS}'],
      { environment: [`DNS=${FLAG}`], dropInPaths: [DROP_IN] },
      {
        [UNIT]: `[Service]\nEnvironment="DNS=--resolv-conf=/x"\nExecStart=/usr/bin/kubelet ${CONFIG} \${DNS}\n`,
        [DROP_IN]: `[Service]\nEnvironment=OTHER=x "DNS=${FLAG}"\n`,
      },
      `${DROP_IN}:2`,
    ],
    [
      'half in the unit and half in a variable',
      [CONFIG, '--resolv-conf=/etc/${NAME}'],
      { environment: ['NAME=resolv.conf'] },
      {
        [UNIT]: `[Service]\nEnvironment=NAME=resolv.conf\nExecStart=/usr/bin/kubelet ${CONFIG} --resolv-conf=/etc/\${NAME}\n`,
      },
      `${UNIT}:3`,
    ],
  ])('%s is named there', async (_what, words, unit, files, place) => {
    build({
      argv: ['/usr/bin/kubelet', ...words],
      unit: { environmentFiles: [], fragmentPath: UNIT, ...unit },
      files: { ...base, ...files },
      links: stubLink,
    });
    expect(await node.inspect()).toMatchObject({
      reason: 'FlagOverrides',
      effective: { source: `--resolv-conf in ${place}` },
      message: expect.stringContaining(place),
    });
  });

  it('from a file that cannot be seen is said to be there, with the files of the unit', async () => {
    build({
      argv: ['/usr/bin/kubelet', CONFIG, FLAG],
      unit: { environmentFiles: [], fragmentPath: UNIT, dropInPaths: ['/srv/units/10.conf'] },
      files: { ...base, [UNIT]: `[Service]\nExecStart=/usr/bin/kubelet ${CONFIG} ${FLAG}\n` },
      links: stubLink,
    });
    const { reason, message } = await node.inspect();
    expect(reason).toBe('FlagOverrides');
    expect(message).toContain(`cannot be read (it has ${UNIT}, /srv/units/10.conf)`);
  });

  it('never comes from line 0', async () => {
    build({
      argv: ['/usr/bin/kubelet', CONFIG, FLAG],
      unit: { environmentFiles: [], fragmentPath: '/etc/systemd/system/kubelet.service' },
      files: base,
      links: stubLink,
    });
    const { reason, message } = await node.inspect();
    expect(reason).toBe('FlagOverrides');
    expect(message).not.toContain(':0');
    expect(message).toContain('/etc/systemd/system/kubelet.service');
  });
});
