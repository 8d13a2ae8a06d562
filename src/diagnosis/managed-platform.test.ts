/** Nodes of each platform, as they describe themselves in the API. */
import { describe, expect, it } from 'vitest';
import { managedPlatform } from './managed-platform.ts';

const UBUNTU = 'Ubuntu 22.04.4 LTS';

describe('managedPlatform', () => {
  it.each([
    ['K3s', 'v1.30.2+k3s1', UBUNTU, ''],
    ['RKE2', 'v1.30.2+rke2r1', UBUNTU, ''],
    ['RKE2', 'v1.30.2+rke2r1', UBUNTU, 'rke.cattle.io/machine'],
    ['RKE', 'v1.26.8', UBUNTU, 'rke.cattle.io/external-ip'],
    ['MicroK8s', 'v1.30.1', UBUNTU, 'microk8s.io/cluster'],
    ['EKS', 'v1.29.0-eks-5e0fdde', 'Amazon Linux 2', ''],
    ['EKS', 'v1.29.0', 'Amazon Linux 2023', 'eks.amazonaws.com/nodegroup'],
    [
      'Bottlerocket',
      'v1.29.0-eks-5e0fdde',
      'Bottlerocket OS 1.19.0 (aws-k8s-1.29)',
      'eks.amazonaws.com/nodegroup',
    ],
    ['GKE', 'v1.27.3-gke.100', 'Container-Optimized OS from Google', ''],
    ['GKE', 'v1.27.3', UBUNTU, 'cloud.google.com/gke-nodepool'],
    ['AKS', 'v1.28.5', UBUNTU, 'kubernetes.azure.com/cluster'],
    ['Talos', 'v1.30.1', 'Talos (v1.7.4)', ''],
    ['OpenShift', 'v1.27.10+28ed2d7', 'Red Hat Enterprise Linux CoreOS 414.92', 'node.openshift.io/os_id'],
    ['minikube', 'v1.30.0', 'Buildroot 2023.02.9', 'minikube.k8s.io/name'],
  ])('%s: %s, %s, %s', (platform, kubeletVersion, osImage, label) => {
    const found = managedPlatform({ kubeletVersion, osImage, labels: label ? { [label]: 'x' } : {} });
    expect(found?.platform).toBe(platform);
    expect(found?.advice).toMatch(/\.$/);
  });

  it.each([
    ['v1.34.4', UBUNTU],
    ['v1.34.4', 'Debian GNU/Linux 12 (bookworm)'],
    ['v1.31.0', 'Flatcar Container Linux by Kinvolk 3815.2.0'],
    ['v1.31.0', 'Rocky Linux 9.3 (Blue Onyx)'],
  ])('is null for %s on %s', (kubeletVersion, osImage) => {
    const labels = { 'kubernetes.io/os': 'linux', 'node-role.kubernetes.io/control-plane': '' };
    expect(managedPlatform({ kubeletVersion, osImage, labels })).toBeNull();
  });
});
