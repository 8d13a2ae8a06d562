/** What files saved from a node, under whatever name, say about the kubelet's resolvConf. */
import { describe, expect, it } from 'vitest';
import { readSavedKubelet, type SavedKubelet } from './saved-kubelet.ts';

const STUB = '/run/systemd/resolve/stub-resolv.conf';
const UPLINK = '/run/systemd/resolve/resolv.conf';
const config = (value?: string): string =>
  `apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n${value === undefined ? '' : `resolvConf: ${value}\n`}`;
const KUBEADM_CAT = `# /usr/lib/systemd/system/kubelet.service
[Unit]
Description=kubelet: The Kubernetes Node Agent

[Service]
ExecStart=/usr/bin/kubelet
Restart=always

# /usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf
[Service]
Environment="KUBELET_KUBECONFIG_ARGS=--kubeconfig=/etc/kubernetes/kubelet.conf"
Environment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
EnvironmentFile=-/etc/default/kubelet
ExecStart=
ExecStart=/usr/bin/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS
`;
const unit = { source: 'kubelet.unit', text: KUBEADM_CAT };
const read = (saved: Partial<SavedKubelet>) => readSavedKubelet({ files: [], ...saved });

describe('the places that set resolvConf', () => {
  it('are the file and the flag over it, each with its line, and the last one takes effect', () => {
    const { kubelet, problems } = read({
      unit,
      files: [
        { source: '/var/lib/kubelet/config.yaml', text: config(UPLINK) },
        {
          source: '/etc/default/kubelet',
          text: `# local\nKUBELET_EXTRA_ARGS="--v=2 --resolv-conf=${STUB}"\n`,
        },
      ],
    });
    expect(kubelet.layers).toEqual([
      { kind: 'config', value: UPLINK, path: '/var/lib/kubelet/config.yaml', line: 3 },
      { kind: 'flag', value: STUB, path: '/etc/default/kubelet', line: 2 },
    ]);
    expect(problems).toEqual([]);
  });

  it('are found in files that were saved under other names', () => {
    const { kubelet } = read({
      unit,
      files: [
        { source: 'node7-config.yaml', text: config(UPLINK) },
        { source: 'saved/kubeadm-flags.env', text: `KUBELET_KUBEADM_ARGS="--resolv-conf=${STUB}"` },
      ],
    });
    expect(kubelet.layers?.map(({ kind, value }) => [kind, value])).toEqual([
      ['config', UPLINK],
      ['flag', STUB],
    ]);
  });

  it('are the drop-ins in the order in which the kubelet walks them', () => {
    const { kubelet } = read({
      unit: {
        source: '/etc/systemd/system/kubelet.service',
        text: '[Service]\nExecStart=-/usr/local/bin/kubelet \\\n  --config=/etc/kubelet.yaml \\\n  --config-dir=/etc/kubelet.d\n',
      },
      files: [
        { source: '/etc/kubelet.yaml', text: config('/a') },
        { source: '/etc/kubelet.d/20-b.conf', text: config('/c') },
        { source: '/etc/kubelet.d/10-a/x.conf', text: config('/b') },
        { source: '/etc/kubelet.d/30.yaml', text: config('/ignored') },
      ],
    });
    expect(kubelet.layers?.map(({ value }) => value)).toEqual(['/a', '/b', '/c']);
  });

  it('are a flag in the unit itself, with the file and line of the drop-in', () => {
    const text = `${KUBEADM_CAT}\n# /etc/systemd/system/kubelet.service.d/20-dns.conf\n[Service]\nEnvironment="KUBELET_EXTRA_ARGS=--resolv-conf=${STUB}"\n`;
    const { kubelet } = read({ unit: { source: 'x', text }, files: [{ source: 'c', text: config() }] });
    expect(kubelet.layers).toEqual([
      { kind: 'flag', value: STUB, path: '/etc/systemd/system/kubelet.service.d/20-dns.conf', line: 2 },
    ]);
  });

  it('are judged one by one without a unit', () => {
    const { kubelet } = read({
      files: [
        { source: 'kubeadm-flags.env', text: `KUBELET_KUBEADM_ARGS="--resolv-conf=${STUB}"\n` },
        { source: 'config.yaml', text: config(UPLINK) },
      ],
    });
    expect(kubelet.layers).toEqual([
      { kind: 'config', value: UPLINK, path: 'config.yaml', line: 3 },
      { kind: 'flag', value: STUB, path: 'kubeadm-flags.env', line: 1 },
    ]);
  });

  it('leave out a file that cannot be understood, and say so', () => {
    const { kubelet, problems } = read({
      unit,
      files: [
        { source: '/var/lib/kubelet/config.yaml', text: 'resolvConf: /etc/resolv.conf\n' },
        { source: '/etc/default/kubelet', text: `KUBELET_EXTRA_ARGS=--resolv-conf=${STUB}\n` },
      ],
    });
    expect(kubelet.layers?.map(({ kind }) => kind)).toEqual(['flag']);
    expect(problems).toEqual([expect.stringContaining('/var/lib/kubelet/config.yaml has kind undefined')]);
  });
});

describe('the value of the running kubelet', () => {
  it('is the one of /configz', () => {
    const configz = { source: 'configz.json', text: '{"kubeletconfig":{"resolvConf":""}}' };
    expect(read({ configz }).kubelet.running).toEqual({ value: '', source: 'configz.json' });
  });

  it.each([
    ['/proc/PID/cmdline', `/usr/bin/kubelet\0--config=/c.yaml\0--resolv-conf=${STUB}\0`],
    [
      'a line of ps',
      `root  812  1.9  /usr/bin/kubelet --config=/c.yaml --resolv-conf=/x --resolv-conf ${STUB}`,
    ],
  ])('is the last flag in %s', (_what, text) => {
    expect(read({ commandLine: { source: 'cmdline', text } }).kubelet.running).toEqual({
      value: STUB,
      source: '--resolv-conf in cmdline',
    });
  });

  it('is unknown if the command line has no such flag, because the file may have changed since', () => {
    const commandLine = { source: 'cmdline', text: '/usr/bin/kubelet\0--config=/c.yaml\0' };
    const files = [{ source: '/c.yaml', text: config(UPLINK) }];
    const { kubelet } = read({ commandLine, files });
    expect(kubelet.running).toBeUndefined();
    expect(kubelet.layers).toEqual([{ kind: 'config', value: UPLINK, path: '/c.yaml', line: 3 }]);
  });

  it('is unknown if the answer of /configz was cut off, and that is a problem', () => {
    const { kubelet, problems } = read({ configz: { source: 'z', text: '{"kubeletconfig":{"res' } });
    expect(kubelet.running).toBeUndefined();
    expect(problems).toEqual(['The answer of /configz is not valid JSON.']);
  });
});
