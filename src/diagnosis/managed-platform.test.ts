/** Nodes of each owner, as they describe themselves in the API and by their files. */
import { describe, expect, it } from 'vitest';
import { managedPlatform, ownerOf, ownerOnDisk } from './managed-platform.ts';
import { NODE_OWNERS } from './node-owners.ts';

const UBUNTU = 'Ubuntu 22.04.4 LTS';
const entry = (pair: string): Record<string, string> => {
  const [key = '', value = ''] = pair.split('=');
  return key ? { [key]: value } : {};
};
const reported = (kubeletVersion: string, osImage = UBUNTU, label = '', annotation = '') => ({
  kubeletVersion,
  osImage,
  labels: entry(label),
  annotations: entry(annotation),
});

describe('a node whose configuration is generated', () => {
  it.each([
    ['K3s', 'v1.30.2+k3s1', UBUNTU, ''],
    ['RKE2', 'v1.30.2+rke2r1', UBUNTU, ''],
    ['RKE2', 'v1.30.2+rke2r1', UBUNTU, 'rke.cattle.io/machine=m'],
    ['RKE', 'v1.26.8', UBUNTU, 'rke.cattle.io/external-ip=192.0.2.7'],
    ['k0s', 'v1.29.4+k0s', UBUNTU, ''],
    ['k0s', 'v1.30.0-rc.2+k0s', 'Debian GNU/Linux 12 (bookworm)', ''],
    ['MicroK8s', 'v1.30.1', UBUNTU, 'microk8s.io/cluster=true'],
    ['EKS', 'v1.29.0-eks-5e0fdde', 'Amazon Linux 2', ''],
    ['EKS', 'v1.29.0', 'Amazon Linux 2023', 'eks.amazonaws.com/nodegroup=a'],
    ['Fargate', 'v1.29.0-eks-5e0fdde', 'Amazon Linux 2', 'eks.amazonaws.com/compute-type=fargate'],
    ['EKS', 'v1.29.0-eks-5e0fdde', 'Amazon Linux 2', 'eks.amazonaws.com/compute-type=hybrid'],
    [
      'Bottlerocket',
      'v1.29.0-eks-5e0fdde',
      'Bottlerocket OS 1.19.0 (aws-k8s-1.29)',
      'eks.amazonaws.com/nodegroup=a',
    ],
    ['GKE', 'v1.27.3-gke.100', 'Container-Optimized OS from Google', ''],
    ['GKE', 'v1.27.3', UBUNTU, 'cloud.google.com/gke-nodepool=a'],
    ['AKS', 'v1.28.5', UBUNTU, 'kubernetes.azure.com/cluster=a'],
    ['Talos', 'v1.30.1', 'Talos (v1.7.4)', ''],
    ['NixOS', 'v1.30.1', 'NixOS 24.05 (Uakari)', ''],
    [
      'OpenShift',
      'v1.27.10+28ed2d7',
      'Red Hat Enterprise Linux CoreOS 414.92',
      'node.openshift.io/os_id=rhcos',
    ],
    ['minikube', 'v1.30.0', 'Buildroot 2023.02.9', 'minikube.k8s.io/name=m'],
  ])('%s: %s, %s, %s', (platform, kubeletVersion, osImage, label) => {
    const found = managedPlatform(reported(kubeletVersion, osImage, label));
    expect(found?.platform).toBe(platform);
    expect(found?.advice).toMatch(/\.$/);
  });

  it.each(['rke.cattle.io/internal-ip=192.0.2.7', 'rke.cattle.io/external-ip=192.0.2.7'])(
    'of RKE has the annotation %s and no label or version that tells',
    (annotation) => {
      const node = reported('v1.18.6', 'Ubuntu 18.04.4 LTS', 'node-role.kubernetes.io/etcd=true', annotation);
      expect(managedPlatform(node)?.platform).toBe('RKE');
    },
  );

  it('of Fargate gets advice about the VPC, not about a launch template', () => {
    const node = reported('v1.29.0-eks-5e0fdde', 'Amazon Linux 2', 'eks.amazonaws.com/compute-type=fargate');
    expect(managedPlatform(node)?.advice).toMatch(/DHCP option set/);
  });
});

describe('a node whose configuration is written again later', () => {
  it.each([
    ['kOps', 'v1.28.5', 'kops.k8s.io/instancegroup=nodes', ''],
    ['Gardener', 'v1.28.5', 'worker.gardener.cloud/pool=w', ''],
    ['IKS', 'v1.28.5+IKS', '', ''],
    ['IKS', 'v1.28.5', 'ibm-cloud.kubernetes.io/worker-id=w', ''],
    ['DOKS', 'v1.28.2', 'doks.digitalocean.com/node-pool=p', ''],
    ['Tanzu', 'v1.26.8+vmware.1-fips.1', '', ''],
    ['kubermatic', 'v1.28.5', 'machine-controller/owned-by=0b1c', ''],
    ['Cluster API', 'v1.30.1', '', 'cluster.x-k8s.io/machine=m-1'],
  ])('is known as one of %s and may be repaired: %s %s %s', (name, version, label, annotation) => {
    const node = reported(version, UBUNTU, label, annotation);
    expect(ownerOf(node)).toMatchObject({ name, verdict: { kind: 'rewrites' } });
    expect(managedPlatform(node)).toBeNull();
  });
});

describe('a node without a known owner', () => {
  it.each([
    ['v1.34.4', UBUNTU],
    ['v1.34.4', 'Debian GNU/Linux 12 (bookworm)'],
    ['v1.31.0', 'Flatcar Container Linux by Kinvolk 3815.2.0'],
    ['v1.31.0', 'Rocky Linux 9.3 (Blue Onyx)'],
  ])('%s on %s', (kubeletVersion, osImage) => {
    const labels = { 'kubernetes.io/os': 'linux', 'node-role.kubernetes.io/control-plane': '' };
    const annotations = { 'kubeadm.alpha.kubernetes.io/cri-socket': 'unix:///run/containerd.sock' };
    const node = { kubeletVersion, osImage, labels, annotations };
    expect(ownerOf(node)).toBeUndefined();
    expect(managedPlatform(node)).toBeNull();
  });
});

describe('the files of a node', () => {
  const on = (files: Readonly<Record<string, string>>, program = '/usr/bin/kubelet') =>
    ownerOnDisk({ program, exists: (path) => path in files, read: (path) => files[path] })?.name;

  it.each<[string | undefined, Record<string, string>, string]>([
    ['RKE2', { '/etc/rancher/rke2': '' }, ''],
    ['K3s', { '/etc/rancher/k3s': '' }, ''],
    ['k0s', { '/etc/systemd/system/k0sworker.service': '' }, ''],
    ['EKS', { '/etc/kubernetes/kubelet/config.json': '' }, '/usr/bin/kubelet'],
    ['GKE', {}, '/home/kubernetes/bin/kubelet'],
    ['NixOS', {}, '/nix/store/x-kubernetes/bin/kubelet'],
    ['AKS', { '/etc/default/kubelet': 'KUBELET_NODE_LABELS=kubernetes.azure.com/mode=system' }, ''],
    [undefined, { '/etc/kubernetes/azure.json': '{}', '/etc/default/kubelet': 'X=--v=2' }, ''],
    [undefined, { '/etc/kubernetes/kubelet': 'KUBELET_ARGS=' }, '/usr/bin/kubelet'],
  ])('are those of %s', (name, files, program) => {
    expect(on(files, program)).toBe(name);
  });

  it('prove each owner in a sentence', () => {
    for (const { proof } of NODE_OWNERS) expect(proof).toMatch(/^\S.*\.$/);
    expect(new Set(NODE_OWNERS.map(({ name }) => name)).size).toBe(NODE_OWNERS.length);
  });
});
