import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { COREFILE, healthyPod, loopingPod } from '../../../../test/support/objects/dns-cluster.ts';
import { aRawNode, LOOP_LINE } from '../../../../test/support/objects/raw-objects.ts';
import { runPlugin } from '../../../../test/support/objects/run-plugin.ts';
import type { Report } from '../report.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'diagnose-'));
});
afterEach(async () => rm(folder, { recursive: true }));

/** Writes files below the folder, with what is missing of their directories. */
async function saved(files: Readonly<Record<string, string | object>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content, null, 4));
  }
}
const noCluster = async (): Promise<never> => {
  throw new Error('no cluster may be asked');
};
/** `@` stands for the folder. */
const diagnose = async (args: string) =>
  runPlugin(`diagnose ${args.replaceAll('@', folder)}`, { connect: noCluster });
const report = async (args: string): Promise<Report> => {
  const { out, err } = await diagnose(`${args} -o json`);
  expect(err).toBe('');
  return JSON.parse(out);
};

const LOG = `.:53\nCoreDNS-1.12.1\n${LOOP_LINE}\n`;
const STUB = 'nameserver 127.0.0.53\noptions edns0 trust-ad\n';
const UPLINK =
  '# This is /run/systemd/resolve/resolv.conf managed by man:systemd-resolved(8).\nnameserver 192.0.2.53\n';
const CONFIG = (value: string) =>
  `apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nclusterDNS: [10.96.0.10]\nresolvConf: ${value}\n`;
const UNIT =
  '# /etc/systemd/system/kubelet.service\n[Service]\nEnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env\nExecStart=/usr/bin/kubelet --config=/var/lib/kubelet/config.yaml $KUBELET_KUBEADM_ARGS\n';

describe('from single files', () => {
  it('needs no cluster, and names the cause with its place', async () => {
    await saved({
      'coredns.log': LOG,
      'pod.json': loopingPod(),
      Corefile: COREFILE,
      'config.yaml': CONFIG('/etc/resolv.conf'),
      'stub.txt': STUB,
      'uplink.txt': UPLINK,
      'kubelet.service': UNIT,
    });
    const { code, out } = await diagnose(
      '--log @/coredns.log --pod-json @/pod.json --corefile @/Corefile --kubelet-config /var/lib/kubelet/config.yaml=@/config.yaml --resolv-conf /etc/resolv.conf=@/stub.txt --resolv-conf @/uplink.txt --unit @/kubelet.service',
    );
    expect(code).toBe(1);
    expect(out).toContain('KubeletResolvConf (high confidence)');
    expect(out).toContain('/var/lib/kubelet/config.yaml:4');
  });

  it('names a flag that overrides a right file', async () => {
    await saved({
      'coredns.log': LOG,
      'pod.json': loopingPod(),
      Corefile: COREFILE,
      'config.yaml': CONFIG('/run/systemd/resolve/resolv.conf'),
      'kubeadm-flags.env': 'KUBELET_KUBEADM_ARGS="--resolv-conf=/etc/resolv.conf"\n',
      'kubelet.service': UNIT,
    });
    const { pods } = await report(
      '--log @/coredns.log --pod-json @/pod.json --corefile @/Corefile --kubelet-config @/config.yaml --flags @/kubeadm-flags.env --unit @/kubelet.service',
    );
    expect(pods[0]?.findings.map(({ cause }) => cause)).toEqual(['FlagOverridesFile']);
  });

  it('says what is missing to be certain, where there is only a log', async () => {
    await saved({ 'coredns.log': LOG });
    const { pods } = await report('--log @/coredns.log');
    expect(pods).toHaveLength(1);
    expect(pods[0]?.state).toBe('fault');
    expect(pods[0]?.missing.map(({ what }) => what)).toContain('the Corefile');
  });

  it('finds no fault in the log of a pod that works', async () => {
    await saved({
      'coredns.log': '.:53\n[INFO] plugin/reload: Running configuration SHA512 = 1\nCoreDNS-1.12.1\n',
    });
    expect(await diagnose('--log @/coredns.log')).toMatchObject({ code: 0, err: '' });
  });
});

describe('from a directory', () => {
  it('reads a dump of the cluster: logs by pod, nodes, workloads', async () => {
    await saved({
      'nodes.json': { kind: 'NodeList', apiVersion: 'v1', items: [aRawNode()] },
      'kube-system/pods.json': { kind: 'PodList', apiVersion: 'v1', items: [loopingPod(), healthyPod()] },
      'kube-system/coredns-sick/logs.txt': `==== START logs for container coredns of pod kube-system/coredns-sick ====\n${LOG}==== END logs for container coredns of pod kube-system/coredns-sick ====\n`,
    });
    const { verdict, pods, files } = await report('--dir @');
    expect(verdict).toMatchObject({ pods: 2, atFault: 1 });
    expect(pods[0]).toMatchObject({ pod: 'coredns-sick', workload: 'Deployment coredns', node: 'node-1' });
    expect(pods[0]?.comparison?.sibling.node).toBe('node-2');
    expect(files.map(({ path, as }) => [path.slice(folder.length), as])).toEqual([
      ['/kube-system/coredns-sick/logs.txt', 'a container log'],
      ['/kube-system/pods.json', 'Kubernetes objects'],
      ['/nodes.json', 'Kubernetes objects'],
    ]);
  });

  it('reads a dump that was printed in one piece', async () => {
    const lists = [
      { kind: 'NodeList', apiVersion: 'v1', items: [aRawNode()] },
      { kind: 'PodList', apiVersion: 'v1', items: [loopingPod(), healthyPod()] },
    ].map((list) => JSON.stringify(list, null, 4));
    await saved({
      'dump.txt': `${lists.join('\n')}\n==== START logs for container coredns of pod kube-system/coredns-sick ====\n${LOG}==== END logs for container coredns of pod kube-system/coredns-sick ====\n`,
    });
    expect((await report('--dir @')).verdict).toMatchObject({ pods: 2, atFault: 1 });
  });

  it('reads a must-gather: the log of the instance that died, the Corefile of the ConfigMap', async () => {
    const pod = 'namespaces/kube-system/pods/coredns-sick/coredns/coredns/logs';
    await saved({
      'namespaces/kube-system/core/pods.yaml': `apiVersion: v1\nkind: PodList\nitems:\n- ${JSON.stringify({
        ...loopingPod(),
        status: undefined,
      })}\n`,
      'namespaces/kube-system/core/configmaps.yaml': `apiVersion: v1\nkind: ConfigMapList\nitems:\n- ${JSON.stringify(
        { metadata: { name: 'coredns' }, data: { Corefile: COREFILE } },
      )}\n`,
      [`${pod}/previous.log`]: `2026-01-01T00:00:00.000000000Z ${LOOP_LINE}\n`,
      [`${pod}/current.log`]: '.:53\nCoreDNS-1.12.1\n',
    });
    const { pods } = await report('--dir @');
    expect(pods[0]?.pod).toBe('coredns-sick');
    expect(pods[0]?.missing.map(({ what }) => what)).not.toContain('the Corefile');
  });

  it('reads the tree of a node, with each file at its place there', async () => {
    await saved({
      'etc/resolv.conf': STUB,
      'run/systemd/resolve/resolv.conf': UPLINK,
      'var/lib/kubelet/config.yaml': CONFIG('/etc/resolv.conf'),
      'etc/systemd/system/kubelet.service': UNIT,
      'coredns.log': LOG,
      'pod.json': loopingPod(),
      Corefile: COREFILE,
    });
    const { pods } = await report('--dir @');
    expect(pods[0]?.findings[0]).toMatchObject({ cause: 'KubeletResolvConf', confidence: 'high' });
  });

  it('gives the files below the name of a node to the pod there', async () => {
    await saved({
      'node-1/etc/resolv.conf': STUB,
      'node-1/configz.json': { kubeletconfig: { resolvConf: '/etc/resolv.conf' } },
      'node-2/configz.json': { kubeletconfig: { resolvConf: '/run/systemd/resolve/resolv.conf' } },
      'pods.json': { kind: 'PodList', apiVersion: 'v1', items: [loopingPod(), healthyPod()] },
      'coredns-sick.log': LOG,
      Corefile: COREFILE,
    });
    const { pods } = await report('--dir @');
    expect(pods[0]?.comparison?.rows).toContainEqual({
      what: 'kubelet resolvConf',
      here: '/etc/resolv.conf',
      there: '/run/systemd/resolve/resolv.conf',
      same: false,
    });
  });

  it('names what it did not use, and why', async () => {
    await saved({
      'coredns.log': LOG,
      'notes.txt': 'call the network team\n',
      'empty.log': '',
      'pods.json': '{\n  "apiVersion": "v1",\n  "kind": "PodList",\n  "items": [\n',
    });
    const { files } = await report('--dir @');
    expect(files.map(({ path, as, why }) => [path.slice(folder.length + 1), as, why])).toEqual([
      ['coredns.log', 'a container log', undefined],
      ['empty.log', null, 'is empty'],
      ['notes.txt', null, 'not recognised'],
      ['pods.json', null, 'is cut off: its JSON has no end'],
    ]);
  });

  it('cannot do its work where nothing is recognised', async () => {
    await saved({ 'notes.txt': 'call the network team\n' });
    const { code, err } = await diagnose('--dir @');
    expect(code).toBe(2);
    expect(err).toMatch(/^error: nothing in .* was recognised \(1 files\)/);
  });
});

describe('a file that cannot be used is one clear sentence, with exit code 2', () => {
  const MIB = 1_048_576;
  it.each<readonly [string, string, string | Buffer, RegExp]>([
    ['is empty', '--log @/x', '', /^error: \S+\/x is empty\n$/],
    ['is white space', '--corefile @/x', ' \n\n', /is empty: it has only white space\n$/],
    ['is binary', '--log @/x', Buffer.from([0x7f, 0x45, 0, 1]), /\/x is binary, not text\n$/],
    ['is compressed', '--log @/x', Buffer.from([0x1f, 0x8b, 8, 0]), /is compressed; unpack it/],
    [
      'is too large',
      '--log @/x',
      Buffer.alloc(17 * MIB, 'a line\n'),
      /is larger than 16 MiB; save its end with `tail -c 1M /,
    ],
    [
      'is cut off',
      '--configz @/x',
      '{"kubeletconfig":{"resolvConf":"/etc',
      /\/x is not the answer of \/configz, or is cut off\n$/,
    ],
    [
      'has no end',
      '--pod-json @/x',
      '{"apiVersion":"v1","kind":"Pod","metadata":{',
      /\/x is cut off: its JSON has no end\n$/,
    ],
    [
      'was mixed up',
      '--kubelet-config @/x',
      STUB,
      /looks like a resolv\.conf, not like a kubelet configuration\n$/,
    ],
    ['is something else', '--unit @/x', 'hello\n', /does not look like a unit file, or is cut off\n$/],
    ['is an unreadable configuration', '--kubelet-config @/x', CONFIG('"a'), /is not valid YAML/],
  ])('if it %s', async (_name, args, content, sentence) => {
    await writeFile(join(folder, 'x'), content);
    const { code, out, err } = await diagnose(args);
    expect(err).toMatch(sentence);
    expect([code, out, err.trimEnd().split('\n').length]).toEqual([2, '', 1]);
  });

  it('if it is a directory, a FIFO, a device, or missing', async () => {
    spawnSync('mkfifo', [join(folder, 'fifo')]);
    for (const [path, sentence] of [
      [folder, /is a directory; `diagnose --dir/],
      [join(folder, 'fifo'), /is not a regular file/],
      ['/dev/zero', /is not a regular file/],
      [join(folder, 'none'), /does not exist/],
    ] as const) {
      const { code, err } = await diagnose(`--log ${path}`);
      expect([path, code]).toEqual([path, 2]);
      expect(err).toMatch(sentence);
    }
  });
});
