/** Two replicas of the operator with its real durations: when the leader is stopped, paused or killed, the other one leads. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../cluster/until.ts';
import type { Apiserver } from '../support/apiserver/apiserver.ts';
import {
  type AuditedWrite,
  auditedReads,
  auditedWrites,
  credentialOf,
} from '../support/apiserver/audit-log.ts';
import { startInstalledApiserver } from '../support/apiserver/installed-apiserver.ts';
import { tokenOf } from '../support/apiserver/installed-rbac.ts';
import { LEASE, type OperatorProcess, startOperator } from '../support/apiserver/operator-process.ts';
import { isRelease, type Term, termsOf, writesOutsideOfTerms } from '../support/election/terms.ts';
import { HANG_MS } from '../support/patience.ts';

const POLICIES = '/apis/dnshealth.io/v1alpha1/dnshealthpolicies';

interface Replica {
  readonly process: OperatorProcess;
  /** Its name in the audit log. */
  readonly credential: string;
}

let server: Apiserver;
let replicas: Replica[] = [];

beforeAll(async () => {
  server = await startInstalledApiserver();
});
afterEach(async () => {
  await Promise.all(replicas.map(({ process }) => process.remove()));
  replicas = [];
});
afterAll(async () => {
  await server.stop();
});

/** With a token of its own, as each pod has. */
async function start(): Promise<Replica> {
  const token = await tokenOf(server, 'dnshealth-system', 'dnshealth-operator');
  const replica = { process: await startOperator(server, { token }), credential: credentialOf(token) };
  replicas.push(replica);
  return replica;
}

const states = ({ process }: Replica) =>
  process.lines.filter(({ msg }) => msg === 'state changed').map(({ to }) => to);

async function inState(replica: Replica, state: string): Promise<void> {
  await until(() => (states(replica).at(-1) === state ? true : undefined), {
    what: `a replica to be ${state}`,
    timeoutMs: HANG_MS,
    everyMs: 10,
  });
}

async function leaderAndStandby(): Promise<readonly [Replica, Replica]> {
  const leader = await start();
  await inState(leader, 'leading');
  const standby = await start();
  await until(() => (standby.process.lines.some(({ msg }) => msg === 'standing by') ? true : undefined), {
    what: 'the second replica to stand by',
    timeoutMs: HANG_MS,
    everyMs: 10,
  });
  return [leader, standby];
}

/** What only a leader does: the policy gets its status. */
async function policyIsServed(name: string): Promise<void> {
  await until(
    async () => (await server.call('GET', `${POLICIES}/${name}`)).body.status?.conditions?.[0]?.status,
    { what: `the policy ${name} to get its status`, timeoutMs: HANG_MS, everyMs: 20 },
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

/** The two terms of this test: each replica had one, and wrote in no other. */
async function expectNeverTwoWriters(): Promise<readonly [Term, Term]> {
  const own = new Set(replicas.map(({ credential }) => credential));
  const writes = (await auditedWrites(server)).filter(({ credential }) => own.has(credential));
  const terms = termsOf(writes, writerOf);
  expect(terms.map(({ by }) => by)).toEqual(replicas.map(({ credential }) => credential));
  expect(writesOutsideOfTerms(writes, terms, writerOf)).toEqual([]);
  const [first, second] = terms;
  if (!first || !second) throw new Error('two terms were expected');
  return [first, second];
}

/** The last renewal of the term, or its claim. */
async function lastRenewalOf({ by, from, until }: Term): Promise<AuditedWrite | undefined> {
  const isIn = ({ resource, version = 0 }: AuditedWrite): boolean =>
    resource === 'leases' && from <= version && version < until;
  return (await auditedWrites(server)).filter((write) => writerOf(write) === by && isIn(write)).at(-1);
}

/** A claim that comes too early shows best after a renewal: later, a part of the lease has passed already. */
async function renewal(): Promise<void> {
  const version = async (): Promise<string> => (await lease()).metadata.resourceVersion;
  const before = await version();
  await expect.poll(version).not.toBe(before);
}

describe('of two replicas', () => {
  it('one leads, the other one is warm and ready, and kubectl shows which', async () => {
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
    await policyIsServed('served-once');
    const events = '/apis/events.k8s.io/v1/namespaces/dnshealth-system/events';
    await expect
      .poll(async () => (await server.call('GET', events)).body.items)
      .toMatchObject([
        {
          reason: 'LeaderElection',
          regarding: { kind: 'Lease' },
          note: `${String(became?.['identity'])} became leader`,
        },
      ]);
  });

  it('the standby takes a released lease with its first attempt', async () => {
    const [leader, standby] = await leaderAndStandby();
    await createPolicy('before-the-end');
    await policyIsServed('before-the-end');
    leader.process.signal('SIGTERM');
    expect(await leader.process.ended).toBe(0);
    await createPolicy('after-the-end');
    await policyIsServed('after-the-end');
    expect((await lease()).spec.leaseTransitions).toBe(1);
    const [{ end }, { claim }] = await expectNeverTwoWriters();
    if (!end) throw new Error('the first term has not ended');
    expect(isRelease(end)).toBe(true);
    expect(Number(claim.body.metadata.resourceVersion)).toBe(end.version);
    // An attempt that reads the released lease and does not take it would wait for 15 s.
    const reads = (await auditedReads(server)).filter(
      ({ resource, credential, code, receivedAt }) =>
        resource === 'leases' &&
        credential === standby.credential &&
        code === 200 &&
        end.answeredAt <= receivedAt &&
        receivedAt < claim.receivedAt,
    );
    const hasFailed = standby.process.lines.some(({ msg }) => msg.startsWith('lease could not be'));
    expect(hasFailed || reads.length <= 1).toBe(true);
  });

  it('the standby takes the lease of a killed leader when it has expired, and not before', async () => {
    const [leader] = await leaderAndStandby();
    await renewal();
    leader.process.signal('SIGKILL');
    await leader.process.ended;
    await createPolicy('after-the-kill');
    await policyIsServed('after-the-kill');
    expect((await lease()).spec.leaseTransitions).toBe(1);
    const [first, { claim }] = await expectNeverTwoWriters();
    const last = await lastRenewalOf(first);
    expect(Number(claim.body.metadata.resourceVersion)).toBe(last?.version);
    // Stamped by each process before it sends, so that a slow machine only adds to it. A wall clock may be slewed.
    const at = (write: AuditedWrite | undefined): number => Date.parse(write?.body.spec.renewTime);
    expect(at(claim) - at(last)).toBeGreaterThan(14_900);
  });

  it('a leader that was paused for longer than its lease never writes again, logs the reason once, and exits', async () => {
    const [leader, standby] = await leaderAndStandby();
    await createPolicy('before-the-pause');
    await policyIsServed('before-the-pause');
    leader.process.signal('SIGSTOP');
    await inState(standby, 'leading');
    await createPolicy('in-the-pause');
    await policyIsServed('in-the-pause');
    // When it resumes it finds work that it would do if it still led.
    for (const name of ['in-the-pause', 'before-the-pause'])
      await server.call('DELETE', `${POLICIES}/${name}`);
    await createPolicy('to-be-found');
    const said = leader.process.lines.length;
    leader.process.signal('SIGCONT');
    expect(await leader.process.ended).toBe(1);
    await policyIsServed('to-be-found');
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
