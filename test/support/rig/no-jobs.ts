/** Keeps an incident of a rig where it is: no Job can be created on any node, until it is lifted. */
import { NODE_NAMESPACE } from '../../../src/api/keys.ts';
import type { Rig } from '../../cluster/rig.ts';
import { until } from '../../cluster/until.ts';
import { apply } from './installation.ts';

const NAME = 'no-jobs';
const HARD = { 'count/jobs.batch': '0' };

export async function forbidJobs(rig: Rig): Promise<void> {
  await apply(rig, {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: NAME, namespace: NODE_NAMESPACE },
    spec: { hard: HARD },
  });
  await until(
    async () => {
      const path = `/api/v1/namespaces/${NODE_NAMESPACE}/resourcequotas/${NAME}`;
      const { status } = await rig.api.json<{ status?: { hard?: Readonly<Record<string, string>> } }>(path);
      return status?.hard !== undefined || undefined;
    },
    { what: 'the quota to be in force', timeoutMs: 120_000 },
  );
}

export async function allowJobs(rig: Rig): Promise<void> {
  await rig.kubectl(['-n', NODE_NAMESPACE, 'delete', 'resourcequota', NAME, '--ignore-not-found']);
}
