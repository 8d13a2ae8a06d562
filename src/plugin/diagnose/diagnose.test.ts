import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { at, isoAt } from '../../../test/support/objects/builders.ts';
import {
  aPolicy,
  dnsCluster,
  healthyPod,
  loopingPod,
  PATHS,
} from '../../../test/support/objects/dns-cluster.ts';
import { type FakeKube, kubeError } from '../../../test/support/objects/fake-kube.ts';
import { aDriftedRecord, WRONG } from '../../../test/support/objects/node-records.ts';
import { aRawDnsPod } from '../../../test/support/objects/raw-objects.ts';
import { runPlugin } from '../../../test/support/objects/run-plugin.ts';
import { CHECK_ANNOTATION } from '../../api/keys.ts';
import type { Report } from './report.ts';

const diagnose = async (cluster: FakeKube, args = '') =>
  runPlugin(`diagnose ${args}`, { cluster, now: () => at(5) });
const asJson = async (cluster: FakeKube, args = ''): Promise<Report> =>
  JSON.parse((await diagnose(cluster, `${args} -o json`)).out);

describe('diagnose', () => {
  it('names the pod at fault in its first line, and ends with 1', async () => {
    // No time passes: a busy machine would be told what is being waited for.
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const { code, out, err } = await diagnose(dnsCluster());
    expect(out.split('\n')[0]).toMatch(/^1 of 2 DNS pods loops: /);
    expect(out).toContain('kube-system/coredns-sick on node-1 (Deployment coredns, not ready');
    expect(out).toContain('KubeletResolvConf');
    expect(out).toMatch(/coredns-well on node-2 +Answers for the cluster and for the outside/);
    expect([code, err]).toEqual([1, '']);
  });

  it('ends with 0 where all DNS pods answer', async () => {
    const { code, out } = await diagnose(dnsCluster([healthyPod()]));
    expect(out).toMatch(/^The DNS pod answers\.\n/);
    expect(code).toBe(0);
  });

  it('finds a Ready pod that refuses every external name', async () => {
    const cluster = dnsCluster([healthyPod('coredns-mute', 'node-1'), healthyPod()]);
    cluster.dns = (pod, name) =>
      name.endsWith('.invalid') && pod === 'coredns-mute' ? { rcode: 'REFUSED' } : { rcode: 'NOERROR' };
    const { verdict, pods } = await asJson(cluster);
    expect(verdict).toMatchObject({ healthy: false, pods: 2, atFault: 1 });
    expect(pods[0]).toMatchObject({ pod: 'coredns-mute', ready: true });
    expect(pods[0]?.answers.filter(({ ok }) => !ok).map(({ scope, result }) => [scope, result])).toEqual([
      ['External', 'REFUSED'],
      ['External', 'REFUSED'],
    ]);
  });

  it('leaves out a pod that is being deleted, unless there is no other', async () => {
    const going = aRawDnsPod({ metadata: { deletionTimestamp: isoAt(4) } });
    const { verdict } = await asJson(dnsCluster([going, healthyPod()]));
    expect(verdict).toMatchObject({ healthy: true, pods: 1 });
    expect((await asJson(dnsCluster([going]))).verdict).toMatchObject({ healthy: false, pods: 1 });
  });

  it('takes a single lost answer for no fault', async () => {
    const cluster = dnsCluster([healthyPod()]);
    let lost = 0;
    cluster.dns = (_pod, name) => {
      if (name.endsWith('.invalid') && (lost += 1) === 1) throw new Error('the connection was closed');
      return { rcode: 'NXDOMAIN' === name ? name : 'NOERROR' };
    };
    expect((await diagnose(cluster)).code).toBe(0);
  });

  it('prints JSON with stable fields', async () => {
    const report = await asJson(dnsCluster());
    expect(Object.keys(report)).toEqual(['apiVersion', 'kind', 'verdict', 'pods', 'forbidden', 'files']);
    expect(report.pods[0]).toMatchObject({
      pod: 'coredns-sick',
      namespace: 'kube-system',
      node: 'node-1',
      workload: 'Deployment coredns',
      label: 'k8s-app=kube-dns',
      state: 'fault',
    });
  });

  it('examines only the pods of a node, and still compares with a healthy one elsewhere', async () => {
    const { verdict, pods } = await asJson(dnsCluster(), '--node node-1');
    expect(verdict.pods).toBe(1);
    expect(pods[0]?.comparison?.sibling).toEqual({ pod: 'coredns-well', node: 'node-2' });
  });

  it('suggests names that are nearly the one that was asked for', async () => {
    expect(await diagnose(dnsCluster(), '--pod coredns-sock')).toMatchObject({
      code: 2,
      err: 'error: there is no DNS pod coredns-sock; did you mean coredns-sick, coredns-well\n',
    });
    expect((await diagnose(dnsCluster(), '--node node-7')).err).toContain('did you mean node-1, node-2');
  });

  it('says which labels it looked for in a cluster without CoreDNS', async () => {
    const { code, err } = await diagnose(dnsCluster([]));
    expect(code).toBe(2);
    expect(err).toContain('there is no DNS pod in the namespace kube-system');
    expect(err).toContain('k8s-app=kube-dns');
    expect(err).toContain('app.kubernetes.io/name=coredns');
  });
});

describe('without a permission', () => {
  it('to list the DNS pods, it cannot do its work', async () => {
    const cluster = dnsCluster();
    cluster.answers.set(PATHS.pods, kubeError(403, 'Forbidden'));
    expect((await diagnose(cluster)).code).toBe(2);
  });

  it('to read kubelets, logs or Corefiles, it says so and goes on', async () => {
    const cluster = dnsCluster();
    for (const path of [PATHS.configz('node-1'), PATHS.configz('node-2'), PATHS.corefile])
      cluster.answers.set(path, kubeError(403, 'Forbidden'));
    cluster.log = () => {
      throw kubeError(403, 'Forbidden');
    };
    const report = await asJson(cluster);
    expect(report.forbidden).toEqual(['get configmaps in kube-system', 'get nodes/proxy', 'get pods/log']);
    expect(report.pods[0]?.missing).toContainEqual({
      what: 'the configuration of the running kubelet of node-1',
      why: 'You have no permission to get nodes/proxy.',
      command: 'kubectl get --raw "/api/v1/nodes/node-1/proxy/configz"',
    });
  });

  it('is not asked for what was refused once', async () => {
    const cluster = dnsCluster();
    for (const node of ['node-1', 'node-2'])
      cluster.answers.set(PATHS.configz(node), kubeError(403, 'Forbidden'));
    await diagnose(cluster, '--pod coredns-sick');
    expect(cluster.asked.filter((asked) => asked.includes('/api/v1/nodes/node-1/proxy/'))).toHaveLength(1);
  });
});

describe('what kubeadm declares for the kubelets', () => {
  const path = '/api/v1/namespaces/kube-system/configmaps/kubelet-config';
  const seen = async (answer: object) => {
    const cluster = dnsCluster();
    cluster.answers.set(path, answer);
    return { report: await asJson(cluster), asked: cluster.asked.filter((each) => each.endsWith(path)) };
  };
  const config = (text: string) => ({
    data: { kubelet: `apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n${text}` },
  });

  it('is read once, and named where the kubelet uses another value', async () => {
    const { report, asked } = await seen(config('resolvConf: /run/systemd/resolve/resolv.conf\n'));
    expect(asked).toHaveLength(1);
    expect(report.pods[0]?.notes.map(({ source }) => source)).toContain(
      'ConfigMap kube-system/kubelet-config',
    );
  });

  it.each([
    ['is forbidden', kubeError(403, 'Forbidden'), 1],
    ['is not a configuration', config('resolvConf: [oops]\n'), 1],
    ['is not there', kubeError(404, 'NotFound'), 0],
    ['does not set it', config(''), 0],
  ])('is missing only if it cannot be read: it %s', async (_name, answer, times) => {
    const { report } = await seen(answer);
    const missing = report.pods[0]?.missing.filter(({ what }) => what.startsWith('what kubeadm declares'));
    expect(missing).toHaveLength(times);
  });
});

const PAUSED = {
  type: 'Paused',
  status: 'True',
  reason: 'Paused',
  message: 'Paused by anna: outage.',
  lastTransitionTime: '2026-03-01T12:00:00Z',
};

describe('whether the operator would repair it', () => {
  const viewOf = async (answers: Readonly<Record<string, object>>) => {
    const cluster = dnsCluster();
    for (const [path, answer] of Object.entries(answers)) cluster.answers.set(path, answer);
    return (await asJson(cluster)).pods[0]?.operator;
  };
  const withPolicy = (spec: object = {}, status: object = {}) => ({
    [PATHS.policies]: { items: [{ ...aPolicy(spec), status }] },
    [PATHS.remediations]: { items: [] },
  });

  it.each<readonly [string, Readonly<Record<string, object>>, string, RegExp]>([
    ['it is not installed', {}, 'not-installed', /is not installed in this cluster/],
    ['a policy allows it', withPolicy(), 'repairs', /DNSHealthPolicy coredns allows it/],
    [
      'the policy only observes',
      withPolicy({ mode: 'Observe' }),
      'does-not-repair',
      /kubectl patch dnshealth coredns/,
    ],
    [
      'the policy only plans',
      withPolicy({ mode: 'Plan' }),
      'does-not-repair',
      /only plans .*kubectl dnshealth plan NODE --wait/,
    ],
    [
      'the policy asks first',
      withPolicy({ mode: 'Approve' }),
      'repairs',
      /allows it once a person has approved the plan.* \(mode: Approve\)/,
    ],
    [
      'the policy is paused',
      withPolicy({}, { conditions: [PAUSED] }),
      'does-not-repair',
      /coredns is paused\. Paused by anna: outage\./,
    ],
    [
      'the policy names it beside another one',
      withPolicy({
        workload: { kind: 'DaemonSet', name: 'nodelocaldns' },
        otherWorkloads: [{ kind: 'Deployment', name: 'coredns' }],
      }),
      'repairs',
      /allows it/,
    ],
    [
      'the policy watches another workload',
      withPolicy({ workload: { kind: 'DaemonSet', name: 'nodelocaldns' } }),
      'does-not-repair',
      /No DNSHealthPolicy watches Deployment coredns: coredns watches DaemonSet nodelocaldns/,
    ],
    [
      'there is no policy',
      { [PATHS.policies]: { items: [] }, [PATHS.remediations]: { items: [] } },
      'does-not-repair',
      /there is no DNSHealthPolicy/,
    ],
    [
      'the policies cannot be read',
      { [PATHS.policies]: kubeError(403, 'Forbidden') },
      'unknown',
      /is not known/,
    ],
  ])('if %s', async (_name, answers, verdict, why) => {
    const view = await viewOf(answers);
    expect(view?.verdict).toBe(verdict);
    expect(view?.why).toMatch(why);
  });

  it('says that there are more records than it reads', async () => {
    const cluster = dnsCluster();
    cluster.answers.set(PATHS.policies, { items: [aPolicy()] });
    cluster.answers.set(PATHS.remediations, { items: [], metadata: { continue: 'more' } });
    expect((await asJson(cluster)).pods[0]?.missing).toContainEqual({
      what: 'all dnsremediations of the operator',
      why: 'Only the first 500 were read.',
      command: 'kubectl get dnsremediations',
    });
  });

  it('not on a node that is excluded', async () => {
    const labels = { 'dnshealth.io/exclude': 'true' };
    const cluster = dnsCluster([loopingPod(), healthyPod()]);
    const node = cluster.answers.get(PATHS.node('node-1')) as { metadata: object };
    cluster.answers.set(PATHS.node('node-1'), { ...node, metadata: { ...node.metadata, labels } });
    const view = (await asJson(cluster)).pods[0]?.operator;
    expect(view).toMatchObject({ verdict: 'does-not-repair' });
    expect(view?.why).toContain('kubectl label node node-1 dnshealth.io/exclude-');
  });
});

describe('the last check of a node by the operator', () => {
  /** Both pods answer; a check found the kubelet of node-1 wrong since. */
  const drifted = (): FakeKube => {
    const cluster = dnsCluster([healthyPod('coredns-old', 'node-1'), healthyPod()]);
    const node = cluster.answers.get(PATHS.node('node-1')) as { metadata: object };
    const found = { ...WRONG, nameservers: ['127.0.0.53'], at: isoAt(1) };
    const annotations = { [CHECK_ANNOTATION]: JSON.stringify(aDriftedRecord({ found })) };
    cluster.answers.set(PATHS.node('node-1'), { ...node, metadata: { ...node.metadata, annotations } });
    return cluster;
  };

  it('makes a fault of a pod that answers, if its node would make the next one loop', async () => {
    const cluster = drifted();
    cluster.answers.set('/api/v1/nodes/node-1/proxy/stats/summary?only_cpu_and_memory=true', {
      node: { systemContainers: [{ name: 'kubelet', startTime: isoAt(-5) }] },
    });
    const { verdict, pods } = await asJson(cluster);
    expect(verdict).toMatchObject({ healthy: false, atFault: 1 });
    expect(pods[0]).toMatchObject({
      pod: 'coredns-old',
      summary: expect.stringContaining('The next DNS pod that is created on node-1 will loop.'),
      comparison: { sibling: { pod: 'coredns-well' } },
    });
  });

  it('is a warning where it is not known whether the kubelet was started since', async () => {
    const { code, out } = await diagnose(drifted());
    expect(code).toBe(0);
    expect(out.replaceAll(/\s+/g, ' ')).toContain(
      'The condition of node node-1 is Drifted: New pods are given 127.0.0.53',
    );
  });
});

describe('the comparison with a healthy node', () => {
  it('shows what differs, and in one line what is the same', async () => {
    const { out } = await diagnose(dnsCluster());
    expect(out).toContain('Beside node-2, where coredns-well is healthy');
    expect(out).toMatch(/kubelet resolvConf +\/etc\/resolv\.conf +\/run\/systemd\/resolve\/resolv\.conf/);
    expect(out).toMatch(/kubelet maxPods +110 +250/);
    expect(out).toMatch(/The same on both: .*kubelet version v1\.34\.4/s);
    expect(out).toContain('kubectl dnshealth check node-1 node-2');
  });

  it('is data for scripts', async () => {
    const { pods } = await asJson(dnsCluster());
    expect(pods[0]?.comparison?.rows).toContainEqual({
      what: 'kubelet resolvConf',
      here: '/etc/resolv.conf',
      there: '/run/systemd/resolve/resolv.conf',
      same: false,
    });
  });
});
