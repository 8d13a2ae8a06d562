/** For each layout of a kubelet's configuration: the file, the line and the bytes of the change. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BAD, FakeNode, KUBEADM, KUBESPRAY, UPLINK } from './testing/fake-node.ts';

const HEAD = 'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n';
const JSON_HEAD = '"kind":"KubeletConfiguration","apiVersion":"kubelet.config.k8s.io/v1beta1"';

let node: FakeNode;
beforeEach(() => {
  node = new FakeNode();
});
afterEach(() => rmSync(node.root, { recursive: true }));

/** As kubeadm's packages lay it out: kubeadm's flags in one file, the administrator's in another. */
function kubeadm(files: Readonly<Record<string, string>>): void {
  rmSync(join(node.root, KUBESPRAY));
  rmSync(join(node.root, '/etc/kubernetes/kubelet.env'));
  for (const [path, text] of Object.entries({ [KUBEADM]: HEAD, ...files })) node.write(path, text);
  node.argv = ['/usr/bin/kubelet', '$KUBECONFIG_ARGS', '$CONFIG_ARGS', '$KUBEADM_ARGS', '$EXTRA_ARGS'];
  node.environmentFiles = [
    '/var/lib/kubelet/kubeadm-flags.env',
    '/etc/default/kubelet',
    '/etc/sysconfig/kubelet',
  ];
  node.override = {
    environment: [
      'KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf',
      `CONFIG_ARGS=--config=${KUBEADM}`,
    ],
    dropInPaths: ['/etc/systemd/system/kubelet.service.d/10-kubeadm.conf'],
  };
}

/** As kubespray lays it out, with drop-ins for the kubelet's configuration. */
function withDropIns(config: string, files: Readonly<Record<string, string>>): void {
  node.write(KUBESPRAY, config);
  for (const [name, text] of Object.entries(files))
    node.write(`/etc/kubernetes/kubelet.conf.d/${name}`, text);
  node.argv.push('--config-dir=/etc/kubernetes/kubelet.conf.d');
}

const environment = (rest: string): string =>
  `# written by hand\nKUBELET_ARGS="--v=2 --config=${KUBESPRAY} ${rest}"\nOTHER=x`;

interface Layout {
  readonly prepare: () => void;
  readonly source: string;
  readonly path: string;
  readonly before: string;
  readonly after: string;
}

const ENV = '/etc/kubernetes/kubelet.env';
const D = '/etc/kubernetes/kubelet.conf.d';

const layouts: Readonly<Record<string, Layout>> = {
  'kubespray: the configuration file': {
    prepare: () => undefined,
    source: `${KUBESPRAY}:4`,
    path: KUBESPRAY,
    before: 'resolvConf: "/etc/resolv.conf"',
    after: `resolvConf: "${UPLINK}"`,
  },
  'kubespray with a flag in kubelet.env': {
    prepare: () => node.write(ENV, environment('--resolv-conf=/etc/resolv.conf')),
    source: `--resolv-conf in ${ENV}:2`,
    path: ENV,
    before: `KUBELET_ARGS="--v=2 --config=${KUBESPRAY} --resolv-conf=/etc/resolv.conf"`,
    after: `KUBELET_ARGS="--v=2 --config=${KUBESPRAY} --resolv-conf=${UPLINK}"`,
  },
  'a flag on a continued line, as kubespray writes them': {
    prepare: () =>
      node.write(ENV, `KUBELET_ARGS="--config=${KUBESPRAY} \\\n--resolv-conf=/etc/resolv.conf \\\n "\n`),
    source: `--resolv-conf in ${ENV}:2`,
    path: ENV,
    before: '--resolv-conf=/etc/resolv.conf \\',
    after: `--resolv-conf=${UPLINK} \\`,
  },
  'a flag whose value is a separate argument': {
    prepare: () => node.write(ENV, environment('--resolv-conf  /etc/resolv.conf --v=3')),
    source: `--resolv-conf in ${ENV}:2`,
    path: ENV,
    before: `KUBELET_ARGS="--v=2 --config=${KUBESPRAY} --resolv-conf  /etc/resolv.conf --v=3"`,
    after: `KUBELET_ARGS="--v=2 --config=${KUBESPRAY} --resolv-conf  ${UPLINK} --v=3"`,
  },
  'a flag with underscores and quotes within the quotes': {
    prepare: () => node.write(ENV, environment("--resolv_conf='/etc/resolv.conf'")),
    source: `--resolv-conf in ${ENV}:2`,
    path: ENV,
    before: `KUBELET_ARGS="--v=2 --config=${KUBESPRAY} --resolv_conf='/etc/resolv.conf'"`,
    after: `KUBELET_ARGS="--v=2 --config=${KUBESPRAY} --resolv_conf='${UPLINK}'"`,
  },
  'a flag that is given twice: the last one': {
    prepare: () =>
      node.write(ENV, environment('--resolv-conf=/etc/resolv.conf --resolv-conf=/etc/resolv.conf')),
    source: `--resolv-conf in ${ENV}:2`,
    path: ENV,
    before: `KUBELET_ARGS="--v=2 --config=${KUBESPRAY} --resolv-conf=/etc/resolv.conf --resolv-conf=/etc/resolv.conf"`,
    after: `KUBELET_ARGS="--v=2 --config=${KUBESPRAY} --resolv-conf=/etc/resolv.conf --resolv-conf=${UPLINK}"`,
  },
  'a variable that is set twice: the last one': {
    prepare: () =>
      node.write(ENV, `KUBELET_ARGS=--resolv-conf=/etc/x\n${environment('--resolv-conf=/etc/resolv.conf')}`),
    source: `--resolv-conf in ${ENV}:3`,
    path: ENV,
    before: `KUBELET_ARGS="--v=2 --config=${KUBESPRAY} --resolv-conf=/etc/resolv.conf"`,
    after: `KUBELET_ARGS="--v=2 --config=${KUBESPRAY} --resolv-conf=${UPLINK}"`,
  },
  'kubeadm: /var/lib/kubelet/config.yaml': {
    prepare: () => kubeadm({ [KUBEADM]: `${HEAD}resolvConf: /etc/resolv.conf\r\nx: 1` }),
    source: `${KUBEADM}:3`,
    path: KUBEADM,
    before: 'resolvConf: /etc/resolv.conf',
    after: `resolvConf: ${UPLINK}`,
  },
  'kubeadm: the key is absent': {
    prepare: () => kubeadm({}),
    source: 'built-in default',
    path: KUBEADM,
    before: '',
    after: `resolvConf: ${UPLINK}`,
  },
  'kubeadm: the flag that kubeadm before 1.19 wrote': {
    prepare: () =>
      kubeadm({
        [KUBEADM]: `${HEAD}resolvConf: ${UPLINK}\n`,
        '/var/lib/kubelet/kubeadm-flags.env':
          'KUBEADM_ARGS="--network-plugin=cni --resolv-conf=/etc/resolv.conf"\n',
      }),
    source: '--resolv-conf in /var/lib/kubelet/kubeadm-flags.env:1',
    path: '/var/lib/kubelet/kubeadm-flags.env',
    before: 'KUBEADM_ARGS="--network-plugin=cni --resolv-conf=/etc/resolv.conf"',
    after: `KUBEADM_ARGS="--network-plugin=cni --resolv-conf=${UPLINK}"`,
  },
  'kubeadm on Debian: the administrator’s flag in /etc/default/kubelet': {
    prepare: () =>
      kubeadm({
        '/var/lib/kubelet/kubeadm-flags.env': `KUBEADM_ARGS="--resolv-conf=${UPLINK}"\n`,
        '/etc/default/kubelet': '# mine\r\nEXTRA_ARGS=--resolv-conf=/etc/resolv.conf --v=2',
      }),
    source: '--resolv-conf in /etc/default/kubelet:2',
    path: '/etc/default/kubelet',
    before: 'EXTRA_ARGS=--resolv-conf=/etc/resolv.conf --v=2',
    after: `EXTRA_ARGS=--resolv-conf=${UPLINK} --v=2`,
  },
  'kubeadm on Fedora: the empty flag in /etc/sysconfig/kubelet': {
    prepare: () => kubeadm({ '/etc/sysconfig/kubelet': `EXTRA_ARGS='--resolv-conf=""'\n` }),
    source: '--resolv-conf in /etc/sysconfig/kubelet:1',
    path: '/etc/sysconfig/kubelet',
    before: `EXTRA_ARGS='--resolv-conf=""'`,
    after: `EXTRA_ARGS='--resolv-conf="${UPLINK}"'`,
  },
  'the last drop-in that sets it': {
    prepare: () =>
      withDropIns(BAD, {
        '10-first.conf': `${HEAD}resolvConf: /run/x\n`,
        '20-second.conf': `${HEAD}resolvConf: '/etc/resolv.conf' # why\nmaxPods: 5\n`,
        '30-other.conf': `${HEAD}maxPods: 6\n`,
        '90-no-drop-in.yaml': `${HEAD}resolvConf: /run/y\n`,
      }),
    source: `${D}/20-second.conf:3`,
    path: `${D}/20-second.conf`,
    before: "resolvConf: '/etc/resolv.conf' # why",
    after: `resolvConf: '${UPLINK}' # why`,
  },
  'a drop-in in a subdirectory, in the order of the walk': {
    prepare: () =>
      withDropIns(BAD, {
        '10.conf': `${HEAD}resolvConf: /run/x\n`,
        '50/a.conf': `{${JSON_HEAD},"resolvConf":"/etc/resolv.conf"}`,
      }),
    source: `${D}/50/a.conf:1`,
    path: `${D}/50/a.conf`,
    before: `{${JSON_HEAD},"resolvConf":"/etc/resolv.conf"}`,
    after: `{${JSON_HEAD},"resolvConf":"${UPLINK}"}`,
  },
  'a drop-in that removes the value, so that the built-in one applies': {
    prepare: () =>
      withDropIns(BAD.replace('/etc/resolv.conf', UPLINK), { '10.conf': `${HEAD}resolvConf: null\n` }),
    source: `${D}/10.conf:3`,
    path: `${D}/10.conf`,
    before: 'resolvConf: null',
    after: `resolvConf: ${UPLINK}`,
  },
  'drop-ins that do not set it: the configuration file': {
    prepare: () => withDropIns(HEAD, { '10.conf': `${HEAD}maxPods: 7\n` }),
    source: 'built-in default',
    path: KUBESPRAY,
    before: '',
    after: `resolvConf: ${UPLINK}`,
  },
  'a plain unit with a JSON configuration': {
    prepare: () => {
      node.write(
        '/etc/kubernetes/node/kubelet.json',
        `{\n\t${JSON_HEAD},\n\t"resolvConf": "/etc/resolv.conf"\n}`,
      );
      node.argv = ['/opt/bin/kubelet', '--config', '/etc/kubernetes/node/kubelet.json'];
      node.environmentFiles = [];
    },
    source: '/etc/kubernetes/node/kubelet.json:3',
    path: '/etc/kubernetes/node/kubelet.json',
    before: '\t"resolvConf": "/etc/resolv.conf"',
    after: `\t"resolvConf": "${UPLINK}"`,
  },
  'a relative path, which is relative to the file': {
    prepare: () => {
      node.write('/etc/kubernetes/resolv.conf', 'nameserver 127.0.0.1\n');
      node.write(KUBESPRAY, `${HEAD}resolvConf: resolv.conf\n`);
    },
    source: `${KUBESPRAY}:3`,
    path: KUBESPRAY,
    before: 'resolvConf: resolv.conf',
    after: `resolvConf: ${UPLINK}`,
  },
  'a key in the wrong case, which is ignored': {
    prepare: () => node.write(KUBESPRAY, `${HEAD}resolvconf: ${UPLINK}\n`),
    source: 'built-in default',
    path: KUBESPRAY,
    before: '',
    after: `resolvConf: ${UPLINK}`,
  },
};

describe('the smallest change that takes effect', () => {
  it.each(Object.entries(layouts))('%s', async (_name, { prepare, source, path, before, after }) => {
    prepare();
    node.config = path;
    const text = node.read(path);
    const report = await node.repair({ replaceEmptyValue: true });

    expect(report).toMatchObject({
      outcome: 'repaired',
      effective: { source },
      change: { path, before, after },
      kubelet: { restarts: 1 },
    });
    const line = before === '' ? `${after}\n` : before;
    expect(node.read(path)).toBe(
      before === '' ? text.replace(HEAD, `${HEAD}${line}`) : text.replace(line, after),
    );
    expect(await node.repair({ nonce: 'uid-2', remediation: 'other' })).toMatchObject({
      outcome: 'already-right',
      effective: { value: UPLINK },
    });
    expect(node.restarts).toBe(1);
  });

  it('asks for write access to the one directory that it lacks, before anything is written', async () => {
    kubeadm({ '/etc/default/kubelet': 'EXTRA_ARGS=--resolv-conf=/etc/resolv.conf\n' });
    node.config = '/etc/default/kubelet';
    expect(await node.repair({ writable: ['/etc/kubernetes', '/var/lib/kubelet'] })).toMatchObject({
      outcome: 'refused',
      reason: 'DirectoryNotMounted',
      needs: '/etc/default',
      nodeUnchanged: true,
    });
    expect(node.restarts).toBe(0);
    const report = await node.repair({ writable: ['/etc/default'] });
    expect(report).toMatchObject({ outcome: 'repaired', change: { path: '/etc/default/kubelet' } });
    expect(report.needs).toBeUndefined();
  });

  it('asks for that access as well to settle what a killed run has left there', async () => {
    kubeadm({ '/etc/default/kubelet': 'EXTRA_ARGS=--resolv-conf=/etc/resolv.conf\n' });
    node.config = '/etc/default/kubelet';
    await node.startKubelet();
    let killed: FakeNode | undefined;
    node.onCall = () => {
      killed ??= node.copy();
    };
    await node.repair();
    if (killed === undefined) throw new Error('systemd was never called');
    killed.config = node.config;
    killed.argv = node.argv;
    killed.environmentFiles = node.environmentFiles;
    killed.override = node.override;
    try {
      expect(killed.journalIsOpen()).toBe(true);
      expect(await killed.repair({ writable: ['/etc/kubernetes', '/var/lib/kubelet'] })).toMatchObject({
        needs: '/etc/default',
      });
      expect(await killed.repair({ writable: ['/etc/default'] })).toMatchObject({ outcome: 'repaired' });
    } finally {
      rmSync(killed.root, { recursive: true });
    }
  });

  it.each<[string, string, RegExp, () => void]>([
    [
      'the flag is in the unit',
      'FlagOverrides',
      /kubelet\.service:2/,
      () => {
        node.write(
          '/etc/systemd/system/kubelet.service',
          '[Service]\nExecStart=/usr/bin/kubelet --resolv-conf=/etc/resolv.conf\n',
        );
        node.argv.push('--resolv-conf=/etc/resolv.conf');
      },
    ],
    [
      'the flag is in Environment= of a drop-in of the unit',
      'FlagOverrides',
      /20-dns\.conf:3/,
      () => {
        const path = '/etc/systemd/system/kubelet.service.d/20-dns.conf';
        node.write(
          path,
          '[Service]\n# old: --resolv_conf=/x\nEnvironment="DNS=--resolv_conf=/etc/resolv.conf"\n',
        );
        node.override = { environment: ['DNS=--resolv_conf=/etc/resolv.conf'], dropInPaths: [path] };
        node.argv.push('$DNS');
      },
    ],
    [
      'the flag is in an unknown environment file',
      'FlagOverrides',
      /extra\.env:1/,
      () => {
        node.write('/etc/kubernetes/extra.env', 'DNS=--resolv-conf=/etc/resolv.conf\n');
        node.environmentFiles.push('/etc/kubernetes/extra.env');
        node.argv.push('$DNS');
      },
    ],
    [
      'the flag is quoted in the middle of its value',
      'FlagOverrides',
      /kubelet\.env:2/,
      () => node.write(ENV, environment(`--resolv-conf=/etc'/resolv.conf'`)),
    ],
  ])('is refused with file and line where %s', async (_name, reason, message, prepare) => {
    prepare();
    const report = await node.repair();
    expect(report).toMatchObject({ outcome: 'refused', reason, nodeUnchanged: true });
    expect(report.message).toMatch(message);
    expect(report.advice).toContain(UPLINK);
    expect(node.restarts).toBe(0);
  });
});
