/** Runs the repair Job on a node of a rig without a remediation, for tests of agent, guard and kubelet alone. */
import {
  AGENT_CONTAINER,
  GUARD_CONTAINER,
  type GuardReport,
  guardReportSchema,
  type RepairReport,
  type RepairRequest,
  repairReportSchema,
  USUAL_DIRECTORIES,
} from '../../../src/api/agent-protocol.ts';
import { NODE_NAMESPACE } from '../../../src/api/keys.ts';
import { changeJob } from '../../../src/effects/change-job.ts';
import { JOB_ACTIVE_SECONDS } from '../../../src/remediation/deadlines.ts';
import { fullImageName } from '../../cluster/build/image-build.ts';
import type { Rig } from '../../cluster/rig.ts';
import { until } from '../../cluster/until.ts';
import { apply, IMAGE } from './installation.ts';
import { inNode } from './node-files.ts';

interface Pods {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly spec: { readonly nodeName: string };
    readonly status: {
      readonly containerStatuses?: readonly {
        readonly name: string;
        readonly state: {
          readonly terminated?: { readonly message?: string; readonly exitCode: number };
        };
      }[];
    };
  }[];
}

export class AgentJob {
  readonly #rig: Rig;
  readonly #name: string;

  private constructor(rig: Rig, name: string) {
    this.#rig = rig;
    this.#name = name;
  }

  /** One that the operator has started. */
  static of(rig: Rig, name: string): AgentJob {
    return new AgentJob(rig, name);
  }

  /** There must be no policy: the operator would act as well. */
  static async start(rig: Rig, node: string, name: string): Promise<AgentJob> {
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
    } = changeJob({ remediation, node, image, activeDeadlineSeconds: JOB_ACTIVE_SECONDS, agent });
    // The garbage collector deletes what is owned by a remediation that does not exist.
    const { ownerReferences: _, ...metadata } = made ?? {};
    await apply(rig, { apiVersion, kind, metadata, spec });
    return new AgentJob(rig, name);
  }

  async repair(): Promise<RepairReport> {
    return repairReportSchema.parse(JSON.parse(await this.#message(AGENT_CONTAINER)));
  }

  async guard(): Promise<GuardReport> {
    return guardReportSchema.parse(JSON.parse(await this.#message(GUARD_CONTAINER)));
  }

  /** Until the container has ended; empty if it was killed. */
  async #message(container: string): Promise<string> {
    return until(
      async () => {
        const state = (await this.#container(container))?.state;
        return state?.terminated ? (state.terminated.message ?? '') : undefined;
      },
      { what: `the report of ${container} of ${this.#name}`, timeoutMs: (JOB_ACTIVE_SECONDS + 60) * 1_000 },
    );
  }

  /** SIGKILL, as the kernel sends it when memory runs out; also while no kubelet has reported the container. */
  async kill(container: string): Promise<void> {
    const [pod] = await podsOf(this.#rig, this.#name);
    if (!pod) throw new Error(`${this.#name} has no pod`);
    const ctr = ['ctr', '--namespace', 'k8s.io'];
    const filter = `labels."io.kubernetes.pod.name"==${pod.metadata.name},labels."io.kubernetes.container.name"==${container}`;
    const { nodeName } = pod.spec;
    const id = await inNode(this.#rig, nodeName, ...ctr, 'containers', 'ls', '--quiet', filter);
    await inNode(this.#rig, nodeName, ...ctr, 'task', 'kill', '--signal', 'SIGKILL', id);
  }

  async #container(name: string) {
    const [pod] = await podsOf(this.#rig, this.#name);
    return pod?.status.containerStatuses?.find((status) => status.name === name);
  }

  async remove(): Promise<void> {
    await this.#rig.kubectl([
      '-n',
      NODE_NAMESPACE,
      'delete',
      'job',
      this.#name,
      '--ignore-not-found',
      '--wait=true',
    ]);
  }
}

const podsOf = async (rig: Rig, job: string) =>
  (await rig.api.json<Pods>(`/api/v1/namespaces/${NODE_NAMESPACE}/pods?labelSelector=job-name=${job}`)).items;

/** The Job from its start to both reports. */
export async function runRepairJob(
  rig: Rig,
  node: string,
  name: string,
): Promise<{ readonly repair: RepairReport; readonly guard: GuardReport }> {
  const job = await AgentJob.start(rig, node, name);
  try {
    return { repair: await job.repair(), guard: await job.guard() };
  } finally {
    await job.remove();
  }
}
