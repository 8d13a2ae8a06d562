/** Checks of nodes on a real apiserver, with stand-ins for their kubelets: across changes of the leader, and what nothing else shows. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CHECK_ANNOTATION, CHECK_NAMESPACE } from '../../src/api/keys.ts';
import { parseNodeCheckRecord } from '../../src/api/node-check-record.ts';
import { NODE_CONDITION } from '../../src/api/node-condition.ts';
import { policySpecSchema } from '../../src/api/policy.ts';
import { createClusterDns } from '../../src/controller/dns-pods/cluster-dns.ts';
import { createCheckStarter, nodeCheckName } from '../../src/controller/nodes/check-start.ts';
import { lookAtNode } from '../../src/observe/node-facts.ts';
import { type Clock, systemClock } from '../../src/runtime/clock.ts';
import { until } from '../cluster/until.ts';
import { AGENT_IMAGE } from '../support/apiserver/admission.ts';
import { auditedWrites, credentialOf } from '../support/apiserver/audit-log.ts';
import { type CheckKubelets, startCheckKubelets } from '../support/apiserver/check-kubelets.ts';
import {
  type InstalledApiserver,
  operatorClient,
  startInstalledApiserver,
} from '../support/apiserver/installed-apiserver.ts';
import { type OperatorProcess, startOperator } from '../support/apiserver/operator-process.ts';
import { fastClock } from '../support/fast-clock.ts';
import { aRawNode } from '../support/objects/raw-objects.ts';
import { operatorInProcess } from '../support/operator-in-process.ts';
import { HANG_MS } from '../support/patience.ts';

const NODES = '/api/v1/nodes';
const PODS = `/api/v1/namespaces/${CHECK_NAMESPACE}/pods`;
const POLICIES = '/apis/dnshealth.io/v1alpha1/dnshealthpolicies';
const MERGE = { contentType: 'application/merge-patch+json' } as const;
const { signal } = new AbortController();

let server: InstalledApiserver;
let kubelets: CheckKubelets;

beforeAll(async () => {
  server = await startInstalledApiserver();
});
afterAll(async () => server.stop());
beforeEach(async () => {
  kubelets = await startCheckKubelets(server, { runsMs: () => 200 });
  await call('POST', POLICIES, {
    apiVersion: 'dnshealth.io/v1alpha1',
    kind: 'DNSHealthPolicy',
    metadata: { name: 'coredns' },
    spec: {},
  });
});
afterEach(async () => {
  await kubelets.stop();
  for (const path of [NODES, POLICIES, PODS]) await call('DELETE', path, { gracePeriodSeconds: 0 });
});

async function call(...asked: Parameters<InstalledApiserver['call']>) {
  const { status, body } = await server.call(...asked);
  if (status > 299) throw new Error(`${asked[0]} ${asked[1]}: ${status} ${JSON.stringify(body)}`);
  return body;
}

async function createNodes(count: number): Promise<readonly string[]> {
  const names = Array.from({ length: count }, (_, index) => `node-${index + 1}`);
  for (const name of names) {
    const { apiVersion, kind, spec, status } = aRawNode();
    await call('POST', NODES, { apiVersion, kind, metadata: { name }, spec, status });
  }
  return names;
}

const checked = (): readonly string[] => kubelets.seen.map(({ node }) => node).toSorted();
const podsOfChecks = async (): Promise<readonly unknown[]> => (await call('GET', PODS)).items;

async function start(count: number): Promise<void> {
  await until(() => kubelets.seen.length >= count || undefined, {
    what: `${count} checks; there were ${kubelets.seen.length}`,
    timeoutMs: HANG_MS,
    everyMs: 10,
  });
}

/** The nodes of which the last check did not find them well, or whose condition does not say that. */
async function notProven(): Promise<readonly string[]> {
  const { items } = await call('GET', NODES);
  type Node = {
    readonly metadata: { readonly name: string; readonly annotations?: Record<string, string> };
    readonly status: { readonly conditions: readonly { readonly type: string; readonly status: string }[] };
  };
  return items.flatMap(({ metadata, status }: Node) => {
    const record = parseNodeCheckRecord(metadata.annotations?.[CHECK_ANNOTATION] ?? '');
    const condition = status.conditions.find(({ type }) => type === NODE_CONDITION);
    const isWell = record?.check?.outcome === 'proven' && condition?.status === 'True';
    return isWell ? [] : [metadata.name];
  });
}

/** The operator's controllers in this process, which lead at once. */
async function leader(clock: Clock) {
  const kube = await operatorClient(server);
  const operator = await operatorInProcess(kube, clock);
  return {
    /** In the middle of whatever it does. */
    async die() {
      await Promise.all([kube.close(), operator.stop()]);
    },
  };
}

describe('checks', () => {
  it('of two hundred nodes are made once each, whenever the leader changes, and their pods are removed together', async () => {
    // Eight times as fast, a check is started every 0.14 s, and one that has not ended after 9 s is late.
    const clock = fastClock(8);
    const names = await createNodes(200);
    for (const before of [50, 90, 150]) {
      const dying = await leader(clock);
      await start(before);
      await dying.die();
    }
    const last = await leader(clock);
    await start(200);
    await expect.poll(notProven).toEqual([]);
    await expect.poll(podsOfChecks).toEqual([]);
    await last.die();

    expect(checked()).toEqual(names.toSorted());
    const writes = await auditedWrites(server);
    const ofOperator = writes.filter(({ credential }) => credential === credentialOf(server.operatorToken));
    const count = (verb: string, resource: string) =>
      ofOperator.filter((write) => write.verb === verb && write.resource === resource && write.code < 300)
        .length;
    expect(count('create', 'pods')).toBe(200);
    expect(count('delete', 'pods')).toBe(0);
    expect(count('deletecollection', 'pods')).toBeLessThan(20);
  });

  it('are made once each by processes of the operator too, of which the leader is killed again and again', async () => {
    const names = await createNodes(12);
    const startProcess = async (): Promise<OperatorProcess> => {
      const process = await startOperator(server, { token: server.operatorToken });
      await process.becomesReady();
      return process;
    };
    let leading = await startProcess();
    for (const before of [4, 8]) {
      const standby = await startProcess();
      await start(before);
      // SIGKILL.
      await leading.remove();
      leading = standby;
    }
    await start(12);
    await expect.poll(notProven).toEqual([]);
    await leading.remove();
    expect(checked()).toEqual(names.toSorted());
  });
});

describe('a check', () => {
  it('whose pod exists already is adopted as it is: the report of the first one counts', async () => {
    await createNodes(1);
    const kube = await operatorClient(server);
    const facts = await lookAtNode(kube, 'node-1', signal);
    if (!facts) throw new Error('there is no node-1');
    const starter = () =>
      createCheckStarter({
        kube,
        clusterDns: createClusterDns(kube, Date.now),
        image: AGENT_IMAGE,
        now: Date.now,
      });
    const [first, second] = [starter(), starter()];
    const policy = policySpecSchema.parse({});
    const one = { facts, why: 'FirstSeen', kubeletStartedAt: null, policy, batch: 'batch-1' } as const;
    await first(one, signal);
    const before = await call('GET', `${PODS}/${nodeCheckName(facts.uid)}`);
    await second(one, signal);
    const after = await call('GET', `${PODS}/${nodeCheckName(facts.uid)}`);
    expect(after.metadata.uid).toBe(before.metadata.uid);
    expect(after.metadata.annotations).toEqual(before.metadata.annotations);
    await kube.close();

    const adopting = await leader(systemClock);
    await expect.poll(notProven).toEqual([]);
    await adopting.die();
    expect(checked()).toEqual(['node-1']);
  });

  it('is made as soon as its node is Ready, of which only the metadata is watched', async () => {
    await createNodes(1);
    const ready = async (status: 'True' | 'False') =>
      call('PATCH', `${NODES}/node-1/status`, { status: { conditions: [{ type: 'Ready', status }] } }, MERGE);
    await ready('False');
    // Not fast: the next look at all nodes is ten minutes away, so that only the change can lead to the check.
    const watching = await leader(systemClock);
    await expect.poll(async () => (await call('GET', POLICIES)).items[0].status?.nodes?.total).toBe(1);
    expect(checked()).toEqual([]);
    await ready('True');
    await expect.poll(notProven).toEqual([]);
    await watching.die();
  });
});
