/** Caches that do not show yet what the operator has just done, on a real apiserver whose watches are delayed. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../cluster/until.ts';
import { auditedReads, auditedWrites, credentialOf } from '../support/apiserver/audit-log.ts';
import type { InstalledApiserver } from '../support/apiserver/installed-apiserver.ts';
import { type LaggingProxy, startLaggingProxy } from '../support/network/lagging-proxy.ts';
import { HANG_MS } from '../support/patience.ts';
import type { HandDrivenCluster, Incident } from './hand-driven-cluster.ts';
import { incidentStage } from './incident-stage.ts';

/** For this long nothing arrives, and requests are counted. */
const LAG_MS = 3_000;
/** Of all requests without leases and events. Without any pause between attempts there would be hundreds. */
const MOST_PER_SECOND = 15;

const stage = incidentStage(() => ({ KUBERNETES_SERVICE_PORT: String(proxy.port) }));
let server: InstalledApiserver;
let cluster: HandDrivenCluster;
let proxy: LaggingProxy;

beforeAll(async () => {
  proxy = await startLaggingProxy(stage.server);
});
afterAll(async () => proxy.close());
beforeEach(() => {
  ({ server, cluster } = stage);
});
afterEach(() => proxy.catchUp());

/** The operator's requests since then, without those of its lease and its events, as "verb resource". */
async function requestsSince(epochMs: number): Promise<readonly string[]> {
  const all = [...(await auditedReads(server)), ...(await auditedWrites(server))];
  return all
    .filter(
      ({ credential, receivedAt }) =>
        credential === credentialOf(server.operatorToken) && receivedAt >= epochMs,
    )
    .filter(({ resource }) => resource !== 'leases' && resource !== 'events')
    .map(({ verb, resource }) => `${verb} ${resource}`);
}

/** Its node has been checked, so that the next check pod is the one that proves the repair. */
async function prepareNode(): Promise<void> {
  await cluster.node('node-1');
  await cluster.policy('coredns');
  await cluster.nodeCheckReports('node-1', 'usable');
}

async function beginIncident(): Promise<Incident> {
  await cluster.loopingPod('coredns-sick', 'node-1');
  return cluster.incident('node-1', () => true, 'to be claimed');
}

interface Lagging {
  readonly what: string;
  /** The request whose effect the caches do not show. */
  readonly from: Parameters<LaggingProxy['lagFrom']>[0];
  readonly watched: readonly string[];
  /** Brings the incident to that request. */
  readonly reach: (name: string) => Promise<unknown>;
  /** Plays what comes after it, once the caches have caught up. */
  readonly resume: (name: string) => Promise<unknown>;
  /** Whether the incident has continued then. */
  readonly continued: (incident: Incident) => boolean;
}

const cases: readonly Lagging[] = [
  {
    what: 'the repair Job that was created',
    from: { method: 'POST', path: /\/jobs(\?|$)/ },
    watched: ['/jobs', '/dnshealth-node/pods'],
    reach: async () => undefined,
    resume: async (name) => cluster.agentReports(name),
    continued: ({ status }) => status.repair !== undefined,
  },
  {
    what: 'that the Job of a silent agent was deleted',
    from: { method: 'DELETE', path: /\/jobs\// },
    watched: ['/jobs', '/dnshealth-node/pods'],
    reach: async (name) => cluster.agentIsKilled(name),
    resume: async (name) => {
      await cluster.jobIsGone(name);
      await cluster.agentReports(name);
    },
    continued: ({ status }) => status.repair !== undefined,
  },
  {
    what: 'the proof pod that was created',
    from: { method: 'POST', path: /\/dnshealth-check\/pods(\?|$)/ },
    watched: ['/dnshealth-check/pods'],
    reach: async (name) => cluster.agentReports(name),
    resume: async (name) => cluster.proofReports(name),
    continued: ({ status }) => status.proof !== undefined,
  },
];

describe('while the caches do not show', () => {
  it.each(cases)('$what, the incident does not end, and few requests are sent', async (one) => {
    await prepareNode();
    proxy.lagFrom(one.from, one.watched);
    const { metadata } = await beginIncident();
    await one.reach(metadata.name);
    const since = await proxy.lagging;
    await until(() => (Date.now() - since >= LAG_MS ? true : undefined), {
      what: 'the lag to last',
      timeoutMs: HANG_MS,
    });
    const requests = await requestsSince(since);
    const [incident] = await cluster.incidents();
    expect(incident?.status).not.toHaveProperty('finishedAt');
    expect(requests.length).toBeLessThan((MOST_PER_SECOND * LAG_MS) / 1_000);

    proxy.catchUp();
    await one.resume(metadata.name);
    await cluster.incident('node-1', one.continued, 'to continue');
    expect(await cluster.incidents()).toHaveLength(1);
  });
});
