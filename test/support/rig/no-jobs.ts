/** Keeps an incident of a rig where it is: no Job can be created on any node, until it is lifted. */
import { NODE_NAMESPACE } from '../../../src/api/keys.ts';
import type { Rig } from '../../cluster/rig.ts';
import { until } from '../../cluster/until.ts';
import { apply } from './installation.ts';

const NAME = 'no-jobs';

export async function forbidJobs(rig: Rig): Promise<void> {
  await apply(rig, {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: NAME, namespace: NODE_NAMESPACE },
    spec: { hard: { 'count/jobs.batch': '0' } },
  });
  // Its status comes first, and the admission plugin learns of it a moment later.
  await until(
    async () => {
      const any = ['create', 'job', 'any', '--image=any', '--dry-run=server'];
      const { code, stderr } = await rig.kubectl(['-n', NODE_NAMESPACE, ...any], { allowFailure: true });
      return (code !== 0 && stderr.includes('exceeded quota')) || undefined;
    },
    { what: 'the quota to refuse Jobs' },
  );
}

export async function allowJobs(rig: Rig): Promise<void> {
  await rig.kubectl(['-n', NODE_NAMESPACE, 'delete', 'resourcequota', NAME, '--ignore-not-found']);
}
