/** The change is made where the value takes effect: in a drop-in, a JSON file, a flag, as a new key, for an empty value. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { BAD_RESOLV_CONF, GOOD_RESOLV_CONF, KUBELET_CONFIG } from '../cluster/node/kubelet-files.ts';
import { restoreCluster, scheduling, untilEnded } from '../support/rig/cluster-state.ts';
import { rigOfThisWorker } from '../support/rig/e2e-rig.ts';
import { applyPolicy } from '../support/rig/installation.ts';
import { kubeletStarts } from '../support/rig/kubelet.ts';
import { identity, inNode, restartIntoLoop } from '../support/rig/node-files.ts';

const rig = rigOfThisWorker();

const NODE = 'node-1';
const ENVIRONMENT = '/etc/kubernetes/kubelet.env';
const DROP_INS = '/etc/kubernetes/kubelet.conf.d';
const JSON_CONFIG = '/etc/kubernetes/kubelet.json';
const EXTRA = '/etc/default/kubelet';
const UNIT_DROP_IN = '/etc/systemd/system/kubelet.service.d/20-extra.conf';
const HEAD = 'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n';
const VALUE = `resolvConf: "${GOOD_RESOLV_CONF}"\n`;

/** Path and content. */
type Files = Readonly<Record<string, string>>;
interface Layout {
  /** The files that the layout changes, made from the ones of the rig's node. */
  readonly files: (config: string, environment: string) => Files;
  /** The file that the repair must change, and the text before and after. */
  readonly path: string;
  readonly from: string;
  readonly to: string;
  readonly source: RegExp;
}

const layouts: Readonly<Record<string, Layout>> = {
  'the last drop-in that sets the value': {
    files: (_config, environment) => ({
      [`${DROP_INS}/10-dns.conf`]: `${HEAD}resolvConf: /run/no/such.conf\n`,
      [`${DROP_INS}/50-dns.conf`]: `${HEAD}# as it was\nresolvConf: '${BAD_RESOLV_CONF}' # why?\nmaxPods: 90\n`,
      [`${DROP_INS}/90-pods.conf`]: `${HEAD}maxPods: 100\n`,
      [ENVIRONMENT]: environment.replace(/^(--config=.*)$/m, `$1\n--config-dir=${DROP_INS} \\`),
    }),
    path: `${DROP_INS}/50-dns.conf`,
    from: `resolvConf: '${BAD_RESOLV_CONF}' # why?`,
    to: `resolvConf: '${GOOD_RESOLV_CONF}' # why?`,
    source: /50-dns\.conf:4$/,
  },
  'a JSON configuration with tabs and without a final line break': {
    files: (config, environment) => ({
      [JSON_CONFIG]: JSON.stringify({ ...parse(config), resolvConf: BAD_RESOLV_CONF }, null, '\t'),
      [ENVIRONMENT]: environment.replace(`--config=${KUBELET_CONFIG}`, `--config=${JSON_CONFIG}`),
    }),
    path: JSON_CONFIG,
    from: `\t"resolvConf": "${BAD_RESOLV_CONF}"`,
    to: `\t"resolvConf": "${GOOD_RESOLV_CONF}"`,
    source: /kubelet\.json:\d+$/,
  },
  'a flag in /etc/default/kubelet, to which the Job has no write access at first': {
    files: () => ({
      [UNIT_DROP_IN]: `[Service]\nEnvironmentFile=-${EXTRA}\n`,
      [EXTRA]: `# by the administrator\nKUBELET_CLOUDPROVIDER='--resolv-conf=${BAD_RESOLV_CONF}'`,
    }),
    path: EXTRA,
    from: `--resolv-conf=${BAD_RESOLV_CONF}'`,
    to: `--resolv-conf=${GOOD_RESOLV_CONF}'`,
    source: /^--resolv-conf in \/etc\/default\/kubelet:2$/,
  },
  'a configuration without the key, below kind': {
    files: (config) => ({ [KUBELET_CONFIG]: config.replace(VALUE, '') }),
    path: KUBELET_CONFIG,
    from: 'kind: KubeletConfiguration\n',
    to: `kind: KubeletConfiguration\nresolvConf: ${GOOD_RESOLV_CONF}\n`,
    source: /^built-in default$/,
  },
  'a configuration with an empty value, if the policy allows it': {
    files: (config) => ({ [KUBELET_CONFIG]: config.replace(VALUE, 'resolvConf: ""\n') }),
    path: KUBELET_CONFIG,
    from: 'resolvConf: ""',
    to: `resolvConf: "${GOOD_RESOLV_CONF}"`,
    source: /kubelet-config\.yaml:\d+$/,
  },
};

describe('the value is changed in', () => {
  let config: string;
  let environment: string;
  beforeEach(async () => {
    await restoreCluster(rig);
    config = await rig.readFile(NODE, KUBELET_CONFIG);
    environment = await rig.readFile(NODE, ENVIRONMENT);
  });
  afterEach(async () => {
    await rig.writeFile(NODE, KUBELET_CONFIG, config, 0o600);
    await rig.writeFile(NODE, ENVIRONMENT, environment, 0o600);
    await inNode(rig, NODE, 'rm', '--recursive', '--force', DROP_INS, JSON_CONFIG, EXTRA, UNIT_DROP_IN);
    await inNode(rig, NODE, 'systemctl', 'daemon-reload');
    await inNode(rig, NODE, 'systemctl', 'restart', 'kubelet.service');
    await restoreCluster(rig);
  });

  it.each(Object.entries(layouts))('%s', async (_name, { files, path, from, to, source }) => {
    const broken = files(config, environment);
    for (const [file, text] of Object.entries(broken)) await rig.writeFile(NODE, file, text, 0o600);
    await inNode(rig, NODE, 'systemctl', 'daemon-reload');
    const before = await identity(rig, NODE, path);
    await restartIntoLoop(rig, NODE);
    const { starts } = await kubeletStarts(rig, NODE);

    await applyPolicy(rig, { repair: { replaceEmptyValue: true } });
    const { status } = await untilEnded(rig, NODE);

    expect(status).toMatchObject({
      phase: 'Healed',
      reason: 'Verified',
      repair: { effective: { source: expect.stringMatching(source) }, change: { path } },
    });
    expect(broken[path]).toContain(from);
    for (const [file, text] of Object.entries(broken))
      expect(await rig.readFile(NODE, file)).toBe(file === path ? text.replace(from, to) : text);
    expect((await identity(rig, NODE, path)).replace(/ \d+$/, '')).toBe(before.replace(/ \d+$/, ''));
    expect((await kubeletStarts(rig, NODE)).starts - starts).toBe(1);
    expect(await scheduling(rig, NODE)).toMatchObject({ unschedulable: false, ours: [] });
  });
});

describe('a plan that a person asks for', () => {
  afterEach(async () => restoreCluster(rig));

  it('shows the diff that a repair would make on the node, and changes nothing', async () => {
    await restoreCluster(rig);
    await applyPolicy(rig, { mode: 'Observe' });
    await rig.setResolvConf(NODE, BAD_RESOLV_CONF);
    await inNode(rig, NODE, 'systemctl', 'restart', 'kubelet.service');
    const config = await rig.readFile(NODE, KUBELET_CONFIG);
    const { pid } = await kubeletStarts(rig, NODE);

    const requests = JSON.stringify([{ node: NODE, by: 'admin', at: new Date().toISOString() }]);
    await rig.kubectl(['annotate', 'dnshealth', 'coredns', `dnshealth.io/plan-requests=${requests}`]);
    const planned = async () => {
      const { stdout } = await rig.kubectl(['get', 'dnsrem', '-o', 'json']);
      const { items } = JSON.parse(stdout) as { readonly items: readonly StoredRecord[] };
      return items.find(({ spec }) => spec.trigger === 'Request')?.status;
    };
    await expect.poll(planned, { timeout: 60_000 }).toMatchObject({ phase: 'Planned' });
    expect((await planned())?.plan?.diff).toContain(
      `-resolvConf: "${BAD_RESOLV_CONF}"\n+resolvConf: "${GOOD_RESOLV_CONF}"\n`,
    );
    expect(await rig.readFile(NODE, KUBELET_CONFIG)).toBe(config);
    expect((await kubeletStarts(rig, NODE)).pid).toBe(pid);
  });
});

interface StoredRecord {
  readonly spec: { readonly trigger: string };
  readonly status?: { readonly phase?: string; readonly plan?: { readonly diff?: string } };
}
