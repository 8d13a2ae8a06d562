/** Runs the repair Job on a node of a rig without a remediation, for tests of the agent and the kubelet alone. */
import {
  agentReportSchema,
  type RepairReport,
  type RepairRequest,
  USUAL_DIRECTORIES,
} from '../../../src/api/agent-protocol.ts';
import { NODE_NAMESPACE } from '../../../src/api/keys.ts';
import { repairJob } from '../../../src/effects/repair-job.ts';
import { fullImageName } from '../../cluster/build/image-build.ts';
import type { Rig } from '../../cluster/rig.ts';
import { until } from '../../cluster/until.ts';
import { apply, IMAGE } from './installation.ts';

interface Pods {
  readonly items: readonly {
    readonly status: {
      readonly containerStatuses?: readonly {
        readonly state: { readonly terminated?: { readonly message?: string } };
      }[];
    };
  }[];
}

/** There must be no policy: the operator would act as well. */
export async function runRepairJob(rig: Rig, node: string, name: string): Promise<RepairReport> {
  const address = rig.nodes.find((candidate) => candidate.name === node)?.address ?? '';
  const agent: RepairRequest = {
    verb: 'repair',
    nonce: name,
    remediation: name,
    targets: ['/run/systemd/resolve/resolv.conf'],
    writable: [...USUAL_DIRECTORIES],
    acceptRisky: false,
    replaceEmptyValue: false,
    known: { clusterDNS: [rig.clusterDns], nodeLocalDNS: [], node: [] },
    externalName: 'example.com',
    nodeIP: address,
  };
  const remediation = { name, uid: name };
  const image = fullImageName(IMAGE);
  const {
    apiVersion,
    kind,
    metadata: made,
    spec,
  } = repairJob({ remediation, node, image, activeDeadlineSeconds: 120, agent });
  // The garbage collector deletes what is owned by a remediation that does not exist.
  const { ownerReferences: _, ...metadata } = made ?? {};
  await apply(rig, { apiVersion, kind, metadata, spec });
  try {
    const path = `/api/v1/namespaces/${NODE_NAMESPACE}/pods?labelSelector=job-name=${name}`;
    const message = await until(
      async () =>
        (await rig.api.json<Pods>(path)).items[0]?.status.containerStatuses?.[0]?.state.terminated?.message,
      { what: `the report of ${name}`, timeoutMs: 120_000 },
    );
    const report = agentReportSchema.parse(JSON.parse(message));
    if (report.verb !== 'repair')
      throw new Error(`the report of ${name} is one of ${report.verb}, not of repair`);
    return report;
  } finally {
    await rig.kubectl(['-n', NODE_NAMESPACE, 'delete', 'job', name, '--ignore-not-found', '--wait=true']);
  }
}
