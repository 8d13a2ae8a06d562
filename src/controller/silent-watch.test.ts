import { afterEach, describe, expect, it } from 'vitest';
import {
  aProofReport,
  aRemediation,
  aRepairReport,
  aRun,
  aStatus,
  at,
  isoAt,
  withDrift,
  withRollback,
} from '../../test/support/objects/builders.ts';
import { kubeError } from '../../test/support/objects/fake-kube.ts';
import { nothingAsked } from '../../test/support/objects/probe-rounds.ts';
import { aRawDnsPod, aRawNode } from '../../test/support/objects/raw-objects.ts';
import { AGENT_CONTAINER } from '../api/agent-protocol.ts';
import {
  EXCLUDE_REASON_ANNOTATION,
  QUARANTINE_ANNOTATION,
  REMEDIATION_LABEL,
  ROLE_LABEL,
} from '../api/keys.ts';
import type { RemediationStatus, StepName } from '../api/remediation.ts';
import type { KubeClient } from '../kube/client.ts';
import { createCustomResource } from '../kube/custom-resource.ts';
import type { RawRequest } from '../kube/raw-api.ts';
import { type AgentJob, type AgentPod, parseAgentPod } from '../observe/agent-run.ts';
import { parseDnsPod } from '../observe/dns-pod.ts';
import type { Effect } from '../remediation/verdict.ts';
import { createLogger } from '../runtime/logger.ts';
import { createFakeClock } from '../runtime/testing/fake-clock.ts';
import { createWorkQueue, type WorkQueue } from '../runtime/work-queue.ts';
import type { KubernetesService } from './dns-pods/kubernetes-service.ts';
import { createRemediationReconciler } from './incident/remediation-controller.ts';
import type { Stores } from './stores.ts';

const incident = aRemediation();
const { name, uid, spec } = incident;
const heldSince = isoAt(2);
const quarantine = { strategy: 'Taint', nodeWasUnschedulable: false } as const;
const held = { ...quarantine, heldSince };
const repair = aRepairReport();
const proof = aProofReport();
const record = { remediation: name, strategy: 'Taint', wasUnschedulable: false, since: heldSince };

const JOBS = '/apis/batch/v1/namespaces/dnshealth-node/jobs';
const PODS = '/api/v1/namespaces/dnshealth-node/pods';
const CHECKS = '/api/v1/namespaces/dnshealth-check/pods';

interface Row {
  /** What the effect writes: method, and the path or its beginning. */
  readonly write: string;
  readonly status: Partial<RemediationStatus>;
  readonly isHeld?: boolean;
  readonly job?: Partial<AgentJob>;
  readonly proofPod?: boolean;
  /** It is a drift of a node whose kubelet was repaired as often as the policy allows. */
  readonly isRepairedOften?: boolean;
  /** It takes the repair of another record back. */
  readonly isRollback?: boolean;
  /** What the API server has, by path. */
  readonly live?: Readonly<Record<string, object>>;
}

/** For each effect that writes, an incident that has come to it. What the caches hold never changes. */
const ROWS: Readonly<Record<Exclude<Effect['kind'], 'probe' | 'survey'>, Row>> = {
  quarantine: { write: 'PATCH /api/v1/nodes/node-1', status: {} },
  'start-inspection': { write: `POST ${JOBS}`, status: { phase: 'Pending' }, isRepairedOften: true },
  'start-repair': { write: `POST ${JOBS}`, status: { quarantine: held }, isHeld: true },
  exclude: { write: 'PATCH /api/v1/nodes/node-1', status: {}, isRollback: true },
  'start-rollback': {
    write: `POST ${JOBS}`,
    status: { quarantine: held },
    isHeld: true,
    isRollback: true,
  },
  include: {
    write: 'PATCH /api/v1/nodes/node-1',
    status: { phase: 'Refused', finishedAt: isoAt(9), quarantine },
    isRollback: true,
  },
  'take-back-repair': {
    write: `DELETE ${JOBS}`,
    status: { quarantine: held, steps: [{ name: 'Repair', startedAt: isoAt(3) }] },
    isHeld: true,
    job: { failure: 'BackoffLimitExceeded' },
  },
  'remove-inspection': {
    write: `DELETE ${JOBS}`,
    status: { phase: 'Pending', nextAttempt: isoAt(3600) },
    job: { name: `${name}-inspect`, role: 'inspect' },
  },
  'start-proof': { write: `POST ${CHECKS}`, status: { quarantine: held, repair }, isHeld: true },
  'stand-back': {
    write: `DELETE ${JOBS}`,
    status: {
      quarantine: held,
      steps: [{ name: 'Repair', startedAt: isoAt(3) }],
      repairTakenBack: [{ at: isoAt(4), because: 'LastServingPod', why: 'No other pod.', uid: 'gone' }],
    },
    isHeld: true,
  },
  release: { write: 'PATCH /api/v1/nodes/node-1', status: { quarantine: held, repair, proof }, isHeld: true },
  recreate: {
    write: 'DELETE /api/v1/namespaces/kube-system/pods/coredns-sick',
    status: {
      quarantine,
      repair,
      proof,
      steps: [{ name: 'Release', startedAt: isoAt(7), finishedAt: isoAt(7) }],
    },
  },
  'remove-proof-pod': {
    write: `DELETE ${CHECKS}`,
    status: { phase: 'Failed', finishedAt: isoAt(9), quarantine },
    proofPod: true,
  },
};

const repaired = (other: string, endedAt: number) =>
  aRemediation({ name: other, uid: other, status: { phase: 'Healed', finishedAt: isoAt(endedAt), repair } });

/** The API server: it answers at once, and the watches say nothing of what is written to it. */
function silentCluster(row: Row) {
  const {
    status,
    isHeld = false,
    job,
    proofPod = false,
    isRepairedOften = false,
    isRollback = false,
    live = {},
  } = row;
  let version = 1;
  let stored: object = aStatus({ phase: 'Quarantining', ...status });
  const created = new Set<string>();
  const writes: string[] = [];
  const answers = ({ method, path, body }: RawRequest): object => {
    if (method !== 'GET') writes.push(`${method} ${path}`);
    if (path.endsWith(`/dnsremediations/${name}/status`)) {
      version += 1;
      stored = Reflect.get(Object(body), 'status');
    }
    if (path.includes(`/dnsremediations/${name}`)) {
      const metadata = { name, uid, creationTimestamp: isoAt(1), resourceVersion: `${version}` };
      const about = isRepairedOften ? withDrift(incident) : isRollback ? withRollback(incident) : incident;
      return { metadata, spec: about.spec, status: stored };
    }
    if (path.endsWith('/nodes/node-1'))
      return aRawNode({
        metadata: {
          annotations: {
            ...(isHeld && { [QUARANTINE_ANNOTATION]: JSON.stringify(record) }),
            ...(isRollback && { [EXCLUDE_REASON_ANNOTATION]: `${name}: as someone asked` }),
          },
        },
      });
    if (path.endsWith('/services')) return { items: [] };
    if (method === 'POST') {
      if (created.has(path)) throw kubeError(409, 'AlreadyExists');
      created.add(path);
      return {};
    }
    const object = live[path];
    if (method === 'GET' && object) return object;
    // The Job or the proof pod that exists already.
    if (method === 'GET') return { metadata: { ownerReferences: [{ uid }] } };
    return {};
  };
  const raw = { request: async (request: RawRequest) => answers(request) } as KubeClient['raw'];
  const agentJob: AgentJob = {
    name,
    uid: aRun().uid,
    remediation: name,
    role: 'repair',
    inspection: null,
    ownerUIDs: [uid],
    createdAt: at(3),
    deleting: false,
    failure: null,
    ...job,
  };
  const store = <T>(...objects: readonly T[]) => ({
    list: () => objects,
    get: () => undefined,
    onChange: () => () => {},
  });
  const stores = {
    policies: store({ uid: spec.policy.uid, createdAt: 0, spec: spec.settings }),
    remediations: isRepairedOften
      ? store(repaired('earlier', 2), repaired('later', 3))
      : isRollback
        ? store(repaired('original', 2))
        : store(),
    dnsPods: store(parseDnsPod(aRawDnsPod())),
    jobs: job ? store(agentJob) : store(),
    agentPods: proofPod ? store(aProofPod()) : store(),
    nodes: store(),
    kubeletStarts: store(),
    nodeMarks: store(),
    ownNamespace: store(),
  } as unknown as Stores;
  const kube = {
    raw,
    customResource: (apiVersion: string, plural: string) => createCustomResource(raw, apiVersion, plural),
  } as unknown as KubeClient;
  return { kube, stores, writes, status: () => stored };
}

const aProofPod = (): AgentPod =>
  parseAgentPod({
    metadata: {
      name: `${name}-proof`,
      uid: 'proof-1',
      creationTimestamp: isoAt(6),
      labels: { [REMEDIATION_LABEL]: name, [ROLE_LABEL]: 'check' },
      ownerReferences: [{ uid, kind: 'DNSRemediation', name }],
    },
  });

let queue: WorkQueue<string> | undefined;
afterEach(async () => queue?.shutdown(0));

async function run(ms: number, row: Row) {
  const cluster = silentCluster(row);
  const clock = createFakeClock(at(10));
  const reconcile = createRemediationReconciler({
    ...cluster,
    ownership: { owns: async () => true },
    healths: nothingAsked,
    eligible: () => 1,
    starts: { of: () => null },
    clusterDns: { addresses: async () => ['10.96.0.10'] },
    settings: { agentImage: 'x', logLevel: 'error', healthPort: 0, notificationsFile: null },
    kubernetesService: { addresses: async () => ['10.96.0.1'], doubt() {} } satisfies KubernetesService,
    narrator: { recordTransition() {}, policyTransition() {}, announce() {} },
    metrics: { sighted() {}, follow() {} },
    logger: createLogger({ level: 'fatal' }),
    now: () => clock.now(),
  });
  queue = createWorkQueue(reconcile, { concurrency: 1, baseMs: 500, maxMs: 15_000, clock });
  queue.add(name);
  await clock.advance(ms);
  return cluster;
}

describe('while the watches are silent', () => {
  it.each(Object.entries(ROWS))('%s is not repeated at the speed of the network', async (_kind, row) => {
    const { writes } = await run(2_000, row);
    const most = Math.max(
      ...[...new Set(writes)].map((write) => writes.filter((one) => one === write).length),
    );
    // After 0, 50, 150, 350, 750 and 1550 ms.
    expect(most).toBeLessThanOrEqual(6);
    expect(writes.some((write) => write.startsWith(row.write))).toBe(true);
  });

  it('an agent that reported, and a proof pod that reported, are found all the same: the incident goes on', async () => {
    const terminated = (message: object) => ({
      containerStatuses: [
        {
          name: AGENT_CONTAINER,
          containerID: 'containerd://x',
          state: { terminated: { exitCode: 0, message: JSON.stringify(message) } },
        },
      ],
    });
    const metadata = (uidOf: string, role: string, owner: string) => ({
      name: uidOf,
      uid: uidOf,
      creationTimestamp: isoAt(12),
      labels: { [REMEDIATION_LABEL]: name, [ROLE_LABEL]: role },
      ownerReferences: [{ uid: owner, kind: 'Owner', name: 'owner' }],
    });
    const live = {
      [JOBS]: { items: [{ metadata: metadata('job-1', 'repair', uid) }] },
      [PODS]: {
        items: [
          { metadata: metadata('pod-1', 'repair', 'job-1'), status: terminated(repair) },
          // Of the release before, which was replaced in the middle of this incident: nothing is based on it.
          { metadata: metadata('pod-0', 'prove', uid), status: terminated({ verb: 'prove', nonce: uid }) },
        ],
      },
      [CHECKS]: { items: [{ metadata: metadata('pod-2', 'check', uid), status: terminated(proof) }] },
    };
    const { status } = await run(30_000, { ...ROWS['start-repair'], live });
    expect(status()).toMatchObject({ repair: { outcome: 'repaired' }, proof: { outcome: 'usable' } });
  });

  it('the replacement of a DNS pod is found all the same, and asked', async () => {
    const fresh = aRawDnsPod({
      metadata: { name: 'coredns-new', uid: 'pod-new', creationTimestamp: isoAt(9) },
      // Nobody answers there, and the kernel says so at once.
      status: { startTime: isoAt(9), podIP: '127.211.11.11' },
      container: { ready: true, restartCount: 0, state: { running: { startedAt: isoAt(9) } } },
    });
    const done = (step: StepName) => ({ name: step, startedAt: isoAt(7), finishedAt: isoAt(7) });
    const { status } = await run(20_000, {
      ...ROWS.recreate,
      status: {
        quarantine,
        repair,
        proof,
        deletedPods: [{ name: 'coredns-sick', uid: 'pod-sick' }],
        steps: [done('Release'), done('Recreate'), { name: 'Verify', startedAt: isoAt(8) }],
      },
      live: { '/api/v1/namespaces/kube-system/pods': { items: [fresh] } },
    });
    await expect.poll(status).toMatchObject({ verification: { pod: 'coredns-new' } });
  });
});
