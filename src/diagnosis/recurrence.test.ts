/** What may write the wrong value again, for each layout and each state of kubeadm's ConfigMap. */
import { describe, expect, it } from 'vitest';
import { recurrence } from './recurrence.ts';

const target = '/run/systemd/resolve/resolv.conf';
const facts = { target, kubeletVersion: 'v1.34.4', owner: null };
const configMap = (text: string) =>
  recurrence('kubeadm', {
    ...facts,
    kubeletConfigMap: `apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n${text}`,
  });

describe('recurrence', () => {
  it('names the inventory and the tags of kubespray', () => {
    const advice = recurrence('kubespray', facts).map((each) => each.advice);
    expect(advice).toEqual([
      expect.stringContaining(`kube_resolv_conf: ${target}`),
      expect.stringContaining('--tags facts,kubelet'),
    ]);
  });

  it('is empty if kubeadm writes the right value by itself', () => {
    expect(configMap('')).toEqual([]);
    expect(configMap('resolvConf: null')).toEqual([]);
    expect(configMap(`resolvConf: ${target}`)).toEqual([]);
    expect(configMap(`resolvConf: /etc/resolv.conf\nresolvConf: ${target}`)).toEqual([]);
  });

  it.each([
    ['the stub', 'resolvConf: /etc/resolv.conf', '/etc/resolv.conf'],
    ['the empty string', 'resolvConf: ""', '""'],
    ['the last of two', `resolvConf: ${target}\nresolvConf: /etc/resolv.conf`, '/etc/resolv.conf'],
  ])('warns about a ConfigMap with %s', (_name, text, value) => {
    const [found] = configMap(text);
    expect(found?.source).toContain('kube-system/kubelet-config');
    expect(found?.advice).toContain(`resolvConf: ${value}`);
    expect(found?.advice).toContain('kubeadm upgrade node');
  });

  it.each([
    ['not readable', undefined],
    ['not YAML', 'a: [b'],
    ['a list', '- a'],
    ['set to a number', 'resolvConf: 5'],
  ])('asks to check a ConfigMap that is %s', (_name, kubeletConfigMap) => {
    const found = recurrence('kubeadm', { ...facts, ...(kubeletConfigMap && { kubeletConfigMap }) });
    expect(found).toEqual([expect.objectContaining({ advice: expect.stringContaining('Check that') })]);
  });

  it.each([
    ['v1.34.0', true],
    ['v1.35.1+x', true],
    ['v1.33.9', false],
    ['odd', false],
  ])('names instance-config.yaml for kubelet %s: %s', (kubeletVersion, named) => {
    const [found] = recurrence('kubeadm', { ...facts, kubeletVersion });
    expect(found?.advice.includes('instance-config.yaml')).toBe(named);
  });

  it('is empty for an unknown layout without a known owner', () => {
    expect(recurrence('unknown', facts)).toEqual([]);
  });

  it.each([
    ['kOps', 'kops edit cluster'],
    ['Gardener', 'gardener-node-agent'],
    ['IKS', 'worker update'],
    ['DOKS', 'DigitalOcean'],
    ['Tanzu', `resolvConf: ${target}`],
    ['kubermatic', 'OperatingSystemProfile'],
    ['Cluster API', 'KubeadmConfigTemplate'],
  ])('names what %s writes later, whatever the layout is', (owner, named) => {
    const [found] = recurrence('unknown', { ...facts, owner });
    expect(found?.advice).toContain(named);
    expect(found?.advice).toMatch(/\.$/);
    const kubeadm = recurrence('kubeadm', { ...facts, owner });
    expect(kubeadm).toHaveLength(2);
    expect(kubeadm).toContainEqual(found);
  });
});
