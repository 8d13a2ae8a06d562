/** A DNS pod as `diagnose` knows it from a cluster. */
import type { Case } from '../../../diagnosis/case.ts';
import { aCase } from '../../../diagnosis/testing/a-case.ts';
import type { GatheredPod } from '../gathered.ts';

/** As it is known online: not what the files of the node say. */
export function onlinePod(kubeletStartedAt: number | undefined, change: Partial<Case> = {}): GatheredPod {
  const { newPodResolvConf: _next, sandboxResolvConf: _given, kubelet: _kubelet, ...rest } = aCase(change);
  const { kubeletStartedAt: _at, ...node } = aCase().node ?? {
    name: '',
    addresses: [],
    osImage: '',
    kubeletVersion: '',
    labels: {},
    annotations: {},
  };
  const facts: Case = {
    ...rest,
    hostFiles: [],
    kubelet: { running: { value: '/etc/resolv.conf', source: 'configz of node7' } },
    node: { ...node, ...(kubeletStartedAt !== undefined && { kubeletStartedAt }) },
  };
  return {
    facts,
    node: {
      uid: 'uid-of-node-1',
      facts: aCase().node as NonNullable<Case['node']>,
      kernel: '',
      runtime: '',
      isExcluded: false,
    },
    notes: [],
    missing: [],
  };
}
