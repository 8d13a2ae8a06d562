/** A whole incident of node-1 as the moments at which it stands still, and what the node or the workload does next at each. */
import { expect } from 'vitest';
import type { Phase } from '../../src/api/remediation.ts';
import { until } from '../cluster/until.ts';
import { HANG_MS } from '../support/patience.ts';
import type { HandDrivenCluster, Incident } from './hand-driven-cluster.ts';
import { type IncidentStage, inPhase, POD_IP } from './incident-stage.ts';

const QUOTAS = '/api/v1/namespaces/dnshealth-node/resourcequotas';
const NO_JOBS = { metadata: { name: 'no-jobs' }, spec: { hard: { 'count/jobs.batch': '0' } } };
/** A quota is in force once its status says so, which a controller would write. */
const IN_FORCE = { status: { hard: { 'count/jobs.batch': '0' }, used: { 'count/jobs.batch': '0' } } };
const DRY_RUN = '/apis/batch/v1/namespaces/dnshealth-node/jobs?dryRun=All';
const ANY_JOB = {
  metadata: { name: 'any' },
  spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'any', image: 'any' }] } } },
};

/** In this order. In the phases Releasing and Recreating nothing is waited for. */
export const MOMENTS = [
  'Quarantining',
  'Repairing',
  'Proving',
  'Verifying',
] as const satisfies readonly Phase[];
export type Moment = (typeof MOMENTS)[number];

export interface IncidentPath {
  /** Node, policy and a looping pod, and everything until the incident stands still in this phase. */
  reach(moment: Moment, policy?: object): Promise<Incident>;
  /** What was missing for each of the phases from this one on. */
  goOn(incident: string, from: Moment): Promise<void>;
}

export function incidentPath(stage: IncidentStage): IncidentPath {
  const cluster = (): HandDrivenCluster => stage.cluster;
  /** What each phase waits for. */
  const next: Readonly<Record<Moment, (incident: string) => Promise<unknown>>> = {
    Quarantining: async () => stage.server.call('DELETE', `${QUOTAS}/no-jobs`),
    Repairing: async (incident) => cluster().agentReports(incident),
    Proving: async (incident) => cluster().proofReports(incident),
    Verifying: async () => {
      await cluster().podEnds('coredns-sick');
      await cluster().runningPod('coredns-new', 'node-1', POD_IP);
    },
  };
  const standsStill = async (moment: Moment) =>
    cluster().incident(
      'node-1',
      (incident) => inPhase(moment)(incident) && incident.status.quarantine !== undefined,
      `to be ${moment}`,
    );

  const noJobs = async (): Promise<void> => {
    expect((await stage.server.call('POST', QUOTAS, NO_JOBS)).status).toBe(201);
    const patch = { contentType: 'application/merge-patch+json' };
    await stage.server.call('PATCH', `${QUOTAS}/no-jobs/status`, IN_FORCE, patch);
    // The admission plugin learns of it a moment later.
    const refused = async () =>
      (await stage.server.call('POST', DRY_RUN, ANY_JOB)).status === 403 ? true : undefined;
    await until(refused, { what: 'the quota to refuse Jobs', timeoutMs: HANG_MS, everyMs: 20 });
  };

  return {
    async reach(moment, policy = {}) {
      // No Job can be created, so that nothing begins on the node that is in quarantine. One from an earlier test may be left.
      await next.Quarantining('');
      await noJobs();
      await cluster().node('node-1', { labels: { 'kubernetes.io/hostname': 'node-1' } });
      await cluster().policy('coredns', { verification: { stableSeconds: 1 }, ...policy });
      await cluster().loopingPod('coredns-sick', 'node-1');
      let incident = await standsStill('Quarantining');
      for (const [at, phase] of MOMENTS.slice(0, MOMENTS.indexOf(moment)).entries()) {
        await next[phase](incident.metadata.name);
        incident = await standsStill(MOMENTS[at + 1] ?? moment);
      }
      return incident;
    },
    async goOn(incident, from) {
      for (const phase of MOMENTS.slice(MOMENTS.indexOf(from))) {
        // Of the first, `reach` has waited for that. A quota that the API server learns of late does not hold it for long.
        if (phase !== from) await standsStill(phase);
        await next[phase](incident);
      }
    },
  };
}
