import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { addressPlan } from '../address-plan.ts';
import {
  kubeletConfiguration,
  kubeletEnvironment,
  kubeletUnit,
  resolvConfOf,
  withResolvConf,
} from './kubelet-files.ts';

const plan = addressPlan(0);
const options = { canLowerOomScore: false, kubernetes: 'v1.34.4' };
const configuration = kubeletConfiguration(plan, options);

test('the configuration has the uplink file and the cluster DNS address', () => {
  expect(parse(configuration)).toMatchObject({
    kind: 'KubeletConfiguration',
    resolvConf: '/run/systemd/resolve/resolv.conf',
    clusterDNS: [plan.primary.clusterDns],
    oomScoreAdj: 0,
  });
});

test('the kubelet keeps its default OOM score if the machine can lower one', () => {
  expect(parse(kubeletConfiguration(plan, { ...options, canLowerOomScore: true }))).not.toHaveProperty(
    'oomScoreAdj',
  );
});

test('changing resolvConf changes that value and no other byte', () => {
  const broken = withResolvConf(configuration, '/etc/resolv.conf');
  expect(resolvConfOf(broken)).toBe('/etc/resolv.conf');
  const changed = broken.split('\n').filter((line, i) => line !== configuration.split('\n')[i]);
  expect(changed).toEqual(['resolvConf: "/etc/resolv.conf"']);
  expect(withResolvConf(broken, '/run/systemd/resolve/resolv.conf')).toBe(configuration);
});

test('a configuration without the line is rejected, not extended', () => {
  expect(() => withResolvConf('kind: KubeletConfiguration\n', '/x')).toThrow('no resolvConf line');
});

test('the unit names the version, as kubespray does', () => {
  expect(kubeletUnit(options)).toContain('Description=Kubernetes Kubelet Server v1.34.4\n');
});

test('the environment names the configuration file, as kubespray does', () => {
  const [node] = plan.nodes;
  if (!node) throw new Error('no node');
  expect(kubeletEnvironment(node)).toContain('--config=/etc/kubernetes/kubelet-config.yaml');
});
