import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RepairReport } from '../../api/agent-protocol.ts';
import { EXPLANATIONS, explanationSchema, type Rewritten } from '../../api/rewritten.ts';
import { explainRewrite, REWRITERS } from './explain.ts';
import { resolvConfReplaced } from './resolv-conf-replaced.ts';

const UPLINK = '/run/systemd/resolve/resolv.conf';
const CHANGED = '2026-11-26T18:00:00.000Z';
const KUBESPRAY = '/etc/kubernetes/kubelet-config.yaml';
const KUBEADM = '/var/lib/kubelet/config.yaml';

const aTrace = (overrides: Partial<Rewritten> = {}, near: readonly string[] = []): Rewritten => ({
  path: KUBESPRAY,
  mtime: CHANGED,
  ctime: CHANGED,
  owner: '0:0',
  mode: '0600',
  sinceRepair: 'node-1-abc',
  repairedAt: '2026-11-26T09:00:00.000Z',
  content: 'AsBefore',
  resolvConf: {
    path: '/etc/resolv.conf',
    changedAt: '2026-01-01T00:00:00.000Z',
    link: '../run/systemd/resolve/stub-resolv.conf',
  },
  neighbours: near.map((path) => ({ path, changedAt: CHANGED })),
  more: 0,
  bootedAt: '2026-11-01T00:00:00.000Z',
  ...overrides,
});

const target: NonNullable<RepairReport['target']> = { path: UPLINK, class: 'ok', nameservers: ['192.0.2.1'] };
const explain = (rewritten: Rewritten | undefined, provenAt?: string) =>
  explainRewrite({ ...(rewritten && { rewritten }), target }, provenAt);
const bestOf = (rewritten: Rewritten) => {
  const [best] = explain(rewritten);
  return best && `${best.explanation} ${best.confidence}`;
};

const JUST_BOOTED = { bootedAt: '2026-11-26T17:59:20.000Z' };

describe('what may have written the file', () => {
  it.each<[string, string, Partial<Rewritten>, string[]]>([
    [
      'a run of kubespray that changed its environment file too',
      'KubesprayRun high',
      {},
      ['/etc/kubernetes/kubelet.env', '/etc/kubernetes/kubelet.env.4711.2026-11-26@18:00:01~'],
    ],
    [
      'a run of kubespray that changed the unit too',
      'KubesprayRun high',
      {},
      ['/etc/systemd/system/kubelet.service'],
    ],
    ['a run of kubespray limited by tags', 'KubesprayRun medium', {}, []],
    [
      'kubeadm, which kept a copy',
      'KubeadmUpgradeNode high',
      { path: KUBEADM, mode: '0644' },
      ['/etc/kubernetes/tmp/kubeadm-kubelet-config-2026-11-26-18-00-00'],
    ],
    [
      'kubeadm 1.34, by its copy',
      'KubeadmUpgradeNode high',
      { path: KUBEADM, mode: '0644' },
      ['/etc/kubernetes/tmp/kubeadm-kubelet-config1743012345'],
    ],
    [
      'kubeadm, by its copy of the flags',
      'KubeadmUpgradeNode high',
      { path: '/var/lib/kubelet/kubeadm-flags.env', mode: '0644' },
      ['/etc/kubernetes/tmp/kubeadm-kubelet-env1743012345'],
    ],
    [
      'kubeadm, which wrote its flags',
      'KubeadmUpgradeNode medium',
      { path: KUBEADM, mode: '0644', content: 'Other' },
      ['/var/lib/kubelet/kubeadm-flags.env'],
    ],
    [
      'cloud-init',
      'CloudInit high',
      { path: KUBEADM, ...JUST_BOOTED },
      ['/run/cloud-init/status.json', '/run/cloud-init/result.json'],
    ],
    ['a boot script', 'BootScript medium', { path: '/etc/default/kubelet', ...JUST_BOOTED }, []],
    ['a boot script that restores a kubespray node', 'BootScript medium', JUST_BOOTED, []],
    [
      'a boot script that restores more of a kubespray node',
      'BootScript medium',
      JUST_BOOTED,
      ['/etc/kubernetes/kubelet.env'],
    ],
    [
      'Ansible, by the backup of the file',
      'ConfigurationManagement high',
      { path: '/etc/default/kubelet' },
      ['/etc/default/kubelet.99.2026-11-26@18:00:00~'],
    ],
    [
      'Puppet',
      'ConfigurationManagement medium',
      { path: '/etc/default/kubelet' },
      ['/opt/puppetlabs/puppet/cache/state/last_run_summary.yaml'],
    ],
    ['a package', 'PackageUpgrade high', { path: '/etc/default/kubelet' }, ['/etc/default/kubelet.dpkg-old']],
    [
      'someone with vim on a kubespray node',
      'Person high',
      { content: 'Other' },
      ['/etc/kubernetes/.kubelet-config.yaml.swp'],
    ],
    ['someone with sed -i.bak', 'Person high', { path: KUBEADM }, [`${KUBEADM}.bak`]],
    ['someone who used sudo', 'Person medium', { path: '/etc/sysconfig/kubelet' }, ['/run/sudo/ts/alice']],
    ['someone, because nothing else fits', 'Person low', { path: '/etc/sysconfig/kubelet' }, []],
    [
      'unknown, where something else happened in that minute',
      'Unknown low',
      { path: '/etc/sysconfig/kubelet' },
      ['/etc/kubernetes/admin.conf'],
    ],
  ])('is %s: %s', (_what, expected, overrides, near) => {
    expect(bestOf(aTrace(overrides, near))).toBe(expected);
  });

  it('is, for a kubespray node, told apart by what speaks against it', () => {
    const found = explain(aTrace({ mode: '0644' }, ['/etc/kubernetes/.kubelet-config.yaml.swp']));
    expect(found.map(({ explanation, confidence }) => [explanation, confidence])).toEqual([
      ['Person', 'high'],
      ['KubesprayRun', 'low'],
    ]);
    expect(found[1]?.evidence.join(' ')).toContain('Against it: the mode is 0644');
  });

  it('is named with the lines to change there', () => {
    expect(explain(aTrace())[0]?.change).toContain(`kube_resolv_conf: ${UPLINK}`);
    expect(explain(aTrace({ path: KUBEADM }))[0]?.change).toContain(
      'kubectl -n kube-system edit configmap kubelet-config',
    );
  });

  it('is unknown with the commands that show what ran in those minutes', () => {
    const [found] = explain(aTrace({ path: '/etc/sysconfig/kubelet' }, ['/etc/kubernetes/admin.conf']));
    expect(found?.change).toContain(
      'journalctl --since "2026-11-26T17:58:00.000Z" --until "2026-11-26T18:02:00.000Z"',
    );
  });

  it('has a file for each explanation but Unknown', () => {
    expect([...REWRITERS, resolvConfReplaced].map(({ explanation }) => explanation).toSorted()).toEqual(
      EXPLANATIONS.filter((name) => name !== 'Unknown').toSorted(),
    );
  });

  it('is always something that the record can hold, best first, whatever was found', () => {
    const path = fc.constantFrom(
      KUBESPRAY,
      KUBEADM,
      '/etc/default/kubelet',
      `${KUBESPRAY}~`,
      '/run/sudo/ts/a',
      '/run/cloud-init/status.json',
      '/etc/kubernetes/tmp/kubeadm-kubelet-config1',
      '/etc/kubernetes/x.1.2026-01-01@00:00:00~',
      '/etc/default/kubelet.rpmnew',
    );
    const ranks = ['high', 'medium', 'low'];
    fc.assert(
      fc.property(
        path,
        fc.array(path, { maxLength: 8 }),
        fc.constantFrom('AsBefore' as const, 'Other' as const),
        fc.constantFrom('0600', '0644'),
        fc.constantFrom(JUST_BOOTED.bootedAt, '2027-01-01T00:00:00.000Z', 'no time'),
        (file, near, content, mode, bootedAt) => {
          const found = explain(aTrace({ path: file, content, mode, bootedAt }, near));
          expect(found.length).toBeGreaterThan(0);
          const order = found.map(({ confidence }) => ranks.indexOf(confidence));
          expect(order).toEqual(order.toSorted((a, b) => a - b));
          for (const one of found) expect(explanationSchema.parse(one).evidence.length).toBeGreaterThan(0);
        },
      ),
    );
  });
});

describe('there is something to explain', () => {
  const first = aTrace();
  const { sinceRepair: _repair, repairedAt: _at, content: _content, ...unrepaired } = first;

  it.each<[string, boolean, Rewritten | undefined, string | undefined]>([
    ['the file was changed since a repair', true, first, undefined],
    ['the file was changed since a check found the node well', true, unrepaired, '2026-11-26T12:00:00.000Z'],
    ['the file is older than that check', false, unrepaired, '2026-11-26T19:00:00.000Z'],
    ['the node was never found well: the value may always have been wrong', false, unrepaired, undefined],
    ['the file is as the repair left it', false, aTrace({ content: 'AsRepaired' }), undefined],
    ['the agent saw no such file', false, undefined, '2026-11-26T12:00:00.000Z'],
  ])('if and only if it may have been right before: %s', (_what, expected, rewritten, provenAt) => {
    expect(explain(rewritten, provenAt).length > 0).toBe(expected);
  });

  it('where the setting is as it was, and the file that it names was replaced', () => {
    const resolvConf = { path: '/etc/resolv.conf', changedAt: CHANGED, link: 'stub' };
    expect(bestOf(aTrace({ content: 'AsRepaired', resolvConf }))).toBe('ResolvConfReplaced high');
  });
});
