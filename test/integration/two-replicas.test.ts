/** Two replicas of the operator itself, with its real durations: one leads; stopped, paused or killed, the other one does. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../cluster/until.ts';
import { type Apiserver, startApiserver } from '../support/apiserver/apiserver.ts';
import { type AuditedWrite, auditedWrites, credentialOf } from '../support/apiserver/audit-log.ts';
import { applyCrds } from '../support/apiserver/crds.ts';
import { applyInstallation, tokenOf } from '../support/apiserver/installed-rbac.ts';
import { LEASE, type OperatorProcess, startOperator } from '../support/apiserver/operator-process.ts';
import { termsOf, writesOutsideOfTerms } from '../support/election/terms.ts';

const POLICIES = '/apis/dnshealth.io/v1alpha1/dnshealthpolicies';

interface Replica {
  readonly process: OperatorProcess;
  /** How the audit log calls it. */
  readonly credential: string;
}

let server: Apiserver;
let replicas: Replica[] = [];

beforeAll(async () => {
  server = await startApiserver();
  await applyCrds(server);
  await applyInstallation(server);
});
afterEach(async () => {
  await Promise.all(replicas.map(({ process }) => process.remove()));
  replicas = [];
});
afterAll(async () => {
  await server.stop();
});

/** With a token of its own: in a pod, too, no two have the same. */
async function start(): Promise<Replica> {
  const token = await tokenOf(server, 'dnshealth-system', 'dnshealth-operator');
  const replica = { process: await startOperator(server, { token }), credential: credentialOf(token) };
  replicas.push(replica);
  return replica;
}

const states = ({ process }: Replica) =>
  process.lines.filter(({ msg }) => msg === 'state changed').map(({ to }) => to);

async function inState(replica: Replica, state: string, timeoutMs = 20_000): Promise<void> {
  await until(() => (states(replica).at(-1) === state ? true : undefined), {
    what: `a replica to be ${state}`,
    timeoutMs,
    everyMs: 10,
  });
}

async function leaderAndStandby(): Promise<readonly [Replica, Replica]> {
  const leader = await start();
  await inState(leader, 'leading');
  const standby = await start();
  await until(() => (standby.process.lines.some(({ msg }) => msg === 'standing by') ? true : undefined), {
    what: 'the second replica to stand by',
    timeoutMs: 20_000,
    everyMs: 10,
  });
  return [leader, standby];
}

/** What only a leader does: the policy gets its status. */
async function policyIsServed(name: string, timeoutMs: number): Promise<void> {
  await until(
    async () => (await server.call('GET', `${POLICIES}/${name}`)).body.status?.conditions?.[0]?.status,
    { what: `the policy ${name} to get its status`, timeoutMs, everyMs: 20 },
  );
}
const createPolicy = async (name: string) =>
  server.call('POST', POLICIES, {
    apiVersion: 'dnshealth.io/v1alpha1',
    kind: 'DNSHealthPolicy',
    metadata: { name },
    spec: {},
  });

const lease = async () => (await server.call('GET', LEASE)).body;
const writerOf = ({ credential }: AuditedWrite): string => credential;

/** From `since` (epoch milliseconds) to its claim of the lease. */
async function tookOverAfter({ credential }: Replica, since: number): Promise<number> {
  const claim = (await auditedWrites(server)).find(
    (write) =>
      write.resource === 'leases' &&
      write.credential === credential &&
      write.code < 300 &&
      write.body.spec.holderIdentity !== '',
  );
  return (claim?.answeredAt ?? Number.POSITIVE_INFINITY) - since;
}

/** Of this test's replicas, by the audit log. */
async function expectNeverTwoWriters(): Promise<void> {
  const own = new Set(replicas.map(({ credential }) => credential));
  const writes = (await auditedWrites(server)).filter(({ credential }) => own.has(credential));
  const terms = termsOf(writes, writerOf);
  expect(terms.map(({ by }) => by)).toEqual(replicas.map(({ credential }) => credential));
  expect(writesOutsideOfTerms(writes, terms, writerOf)).toEqual([]);
}

/** Half a second after a renewal: right after one the lease lasts for all of its 15 s, and the claim comes on top. */
async function betweenRenewals(): Promise<void> {
  const { metadata } = await lease();
  await until(
    async () => {
      const now = await lease();
      return now.metadata.resourceVersion === metadata.resourceVersion ? undefined : now;
    },
    { what: 'a renewal', timeoutMs: 10_000, everyMs: 20 },
  );
  await sleep(500);
}

describe('of two replicas', () => {
  it('one leads, the other one is warm and ready, and kubectl tells which', async () => {
    const [leader, standby] = await leaderAndStandby();
    expect(states(leader)).toEqual(['syncing', 'standby', 'leading']);
    expect(states(standby)).toEqual(['syncing', 'standby']);
    expect(await standby.process.isReady()).toBe(true);
    const status = async ({ process }: Replica) => (await process.get('/metrics'))?.text;
    const metric = 'leader_election_master_status{name="dnshealth-operator"}';
    expect(await status(leader)).toContain(`${metric} 1`);
    expect(await status(standby)).toContain(`${metric} 0`);

    const accept = 'application/json;as=Table;g=meta.k8s.io;v=v1';
    const { body } = await server.call('GET', LEASE, undefined, { accept });
    const became = leader.process.lines.find(({ msg }) => msg === 'became the leader');
    expect(body.rows[0].cells.slice(0, 2)).toEqual(['dnshealth-operator', became?.['identity']]);
    expect((await lease()).spec).toMatchObject({ leaseDurationSeconds: 15, leaseTransitions: 0 });

    await createPolicy('served-once');
    await policyIsServed('served-once', 10_000);
    const events = await server.call('GET', '/apis/events.k8s.io/v1/namespaces/dnshealth-system/events');
    expect(events.body.items).toMatchObject([
      {
        reason: 'LeaderElection',
        regarding: { kind: 'Lease' },
        note: `${String(became?.['identity'])} became leader`,
      },
    ]);
  });

  it('the other one leads within 2 s after the leader was told to end', async () => {
    const [leader, standby] = await leaderAndStandby();
    await createPolicy('before-the-end');
    await policyIsServed('before-the-end', 10_000);
    const told = Date.now();
    leader.process.signal('SIGTERM');
    await createPolicy('after-the-end');
    await policyIsServed('after-the-end', 10_000);
    expect(await leader.process.ended).toBe(0);
    const tookMs = await tookOverAfter(standby, told);
    process.stderr.write(`failover after SIGTERM: ${Math.round(tookMs)} ms\n`);
    expect(tookMs).toBeLessThan(2_000);
    expect((await lease()).spec.leaseTransitions).toBe(1);
    await expectNeverTwoWriters();
  });

  it('the other one leads within 15 s after the leader was killed', async () => {
    const [leader, standby] = await leaderAndStandby();
    await betweenRenewals();
    const killed = Date.now();
    leader.process.signal('SIGKILL');
    await createPolicy('after-the-kill');
    await policyIsServed('after-the-kill', 20_000);
    const tookMs = await tookOverAfter(standby, killed);
    process.stderr.write(`failover after SIGKILL: ${Math.round(tookMs)} ms\n`);
    expect(tookMs).toBeLessThan(15_000);
    await expectNeverTwoWriters();
  });

  it('a leader that was paused for longer than its lease never writes again, says so once, and ends', async () => {
    const [leader, standby] = await leaderAndStandby();
    await createPolicy('before-the-pause');
    await policyIsServed('before-the-pause', 10_000);
    leader.process.signal('SIGSTOP');
    await createPolicy('in-the-pause');
    await policyIsServed('in-the-pause', 20_000);
    // What it finds when it goes on is work that it would do, were it still the leader.
    for (const name of ['in-the-pause', 'before-the-pause'])
      await server.call('DELETE', `${POLICIES}/${name}`);
    await createPolicy('to-be-found');
    const said = leader.process.lines.length;
    leader.process.signal('SIGCONT');
    expect(await leader.process.ended).toBe(1);
    await policyIsServed('to-be-found', 10_000);
    const about = leader.process.lines.slice(said).filter(({ level }) => level !== 'info');
    expect(about.filter(({ msg }) => msg === 'stopping because of an error')).toEqual([
      expect.objectContaining({
        error: expect.objectContaining({
          message: expect.stringMatching(/the lease was (?:not renewed in time|taken)/) as unknown,
        }) as unknown,
      }),
    ]);
    expect(states(standby).at(-1)).toBe('leading');
    await expectNeverTwoWriters();
  });
});
