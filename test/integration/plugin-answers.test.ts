/** What people ask and answer with the plugin, on a real apiserver: with and without rights, two at once, and in nobody else's name. */
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type PolicySpec, policySpecSchema } from '../../src/api/policy.ts';
import { connect } from '../../src/plugin/cluster/connect.ts';
import { until } from '../cluster/until.ts';
import {
  type InstalledApiserver,
  startInstalledApiserver,
} from '../support/apiserver/installed-apiserver.ts';
import { tokenOf } from '../support/apiserver/installed-rbac.ts';
import { aRemediation, aRepairReport, aStatus } from '../support/objects/builders.ts';
import { aPlan } from '../support/objects/plans.ts';
import { runPlugin } from '../support/objects/run-plugin.ts';
import { HANG_MS } from '../support/patience.ts';

const CUSTOM = '/apis/dnshealth.io/v1alpha1';
const INCIDENTS = `${CUSTOM}/dnsremediations`;
const POLICIES = `${CUSTOM}/dnshealthpolicies`;
const NAMESPACE = '/api/v1/namespaces/dnshealth-system';
const BINDINGS = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings';
const MERGE = { contentType: 'application/merge-patch+json' } as const;
const KIND = { apiVersion: 'dnshealth.io/v1alpha1', kind: 'DNSRemediation' };

let server: InstalledApiserver;
const kubeconfigs = new Map<string, string>();
const userOf = (name: string): string => `system:serviceaccount:default:${name}`;
/** Who may do what. */
const ROLES = {
  anna: ['dnshealth-approver', 'dnshealth-pauser'],
  bob: ['dnshealth-approver', 'dnshealth-pauser'],
  chief: ['dnshealth-admin'],
  guest: ['view'],
} as const;

beforeAll(async () => {
  server = await startInstalledApiserver();
  for (const [name, roles] of Object.entries(ROLES)) {
    await server.call('POST', '/api/v1/namespaces/default/serviceaccounts', { metadata: { name } });
    for (const role of roles)
      await server.call('POST', BINDINGS, {
        metadata: { name: `${name}-${role}` },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
        subjects: [{ kind: 'ServiceAccount', name, namespace: 'default' }],
      });
    kubeconfigs.set(name, await kubeconfigOf(name, await tokenOf(server, 'default', name)));
  }
  // The aggregated roles of users get their rules from a controller that does not run here.
  await server.call(
    'PATCH',
    '/apis/rbac.authorization.k8s.io/v1/clusterroles/view',
    {
      rules: [{ apiGroups: ['dnshealth.io'], resources: ['*'], verbs: ['get', 'list', 'watch'] }],
    },
    MERGE,
  );
  await aPolicy();
});
afterAll(async () => server.stop());
beforeEach(async () => {
  for (const path of [INCIDENTS, POLICIES])
    for (const { metadata } of (await server.call('GET', path)).body.items)
      await server.call('DELETE', `${path}/${metadata.name}`);
  await server.call(
    'PATCH',
    NAMESPACE,
    { metadata: { annotations: { 'dnshealth.io/pause': null, 'dnshealth.io/pause-by': null } } },
    MERGE,
  );
  await aPolicy();
});

async function kubeconfigOf(name: string, token: string): Promise<string> {
  const config = JSON.parse(await readFile(server.kubeconfigPath, 'utf8'));
  config.users[0].user = { token };
  const path = join(dirname(server.kubeconfigPath), `${name}.json`);
  await writeFile(path, JSON.stringify(config));
  return path;
}

/** As this user runs it. */
const plugin = async (user: keyof typeof ROLES, ...args: readonly string[]) =>
  runPlugin('', { args, connect: async (asked) => connect({ ...asked, path: kubeconfigs.get(user) ?? '' }) });

/** One merge patch with the rights of a user. */
async function asUser(user: keyof typeof ROLES, method: 'PATCH', path: string, body: object) {
  const connection = await connect({
    env: {},
    path: kubeconfigs.get(user) ?? '',
    timeoutMs: HANG_MS,
    signal: new AbortController().signal,
  });
  try {
    const answer = await connection.kube.raw.request({ method, path, body });
    return { status: 200, body: answer };
  } catch (error) {
    const { code, message } = error as { readonly code: number; readonly message: string };
    return { status: code, body: message };
  } finally {
    await connection.close();
  }
}

async function aPolicy(spec: object = {}): Promise<void> {
  const metadata = { name: 'coredns' };
  const { status, body } = await server.call('POST', POLICIES, {
    apiVersion: KIND.apiVersion,
    kind: 'DNSHealthPolicy',
    metadata,
    spec,
  });
  if (status !== 201) throw new Error(JSON.stringify(body));
}

async function aRecord(
  name: string,
  status: Parameters<typeof aStatus>[0],
  spec: object = aRemediation().spec,
) {
  const { body: created } = await server.call('POST', INCIDENTS, { ...KIND, metadata: { name }, spec });
  const written = await server.call('PUT', `${INCIDENTS}/${name}/status`, {
    ...created,
    status: aStatus(status),
  });
  if (written.status !== 200) throw new Error(JSON.stringify(written.body));
  return written.body;
}

const annotationsOf = async (path: string): Promise<Record<string, string>> =>
  (await server.call('GET', path)).body.metadata.annotations ?? {};
const pausesOf = async (): Promise<PolicySpec['pause']> =>
  policySpecSchema.parse((await server.call('GET', `${POLICIES}/coredns`)).body.spec).pause;
const inTheFuture = { plan: aPlan({ expiresAt: new Date(Date.now() + 86_400_000).toISOString() }) };
const waits = { phase: 'AwaitingApproval', ...inTheFuture } as const;

describe('an answer to a plan', () => {
  it('carries the user as the API server knows it, and the hash of what was shown', async () => {
    await aRecord('one', waits);
    expect(await plugin('anna', 'approve', 'one', '--yes')).toMatchObject({ code: 0, err: '' });
    expect(await annotationsOf(`${INCIDENTS}/one`)).toEqual({
      'dnshealth.io/approved': 'first',
      'dnshealth.io/approved-by': userOf('anna'),
    });
    await aRecord('two', waits);
    expect((await plugin('bob', 'reject', 'two', '--reason', 'not now')).code).toBe(0);
    expect(await annotationsOf(`${INCIDENTS}/two`)).toEqual({
      'dnshealth.io/rejected': 'not now',
      'dnshealth.io/rejected-by': userOf('bob'),
    });
  });

  it('is not given by a user without the right, who is told which role holds it', async () => {
    await aRecord('one', waits);
    const { code, err } = await plugin('guest', 'approve', 'one', '--yes');
    expect([code, err]).toEqual([
      2,
      expect.stringMatching(
        /^error: no permission to patch dnsremediations\/one: User "[^"]+guest" cannot patch .*; the ClusterRole dnshealth-approver holds that right: kubectl create clusterrolebinding dnshealth-approver --clusterrole=dnshealth-approver --user=system:serviceaccount:default:guest\n$/,
      ),
    ]);
    expect(await annotationsOf(`${INCIDENTS}/one`)).toEqual({});
  });

  it('is one answer when two people give it at once', async () => {
    await aRecord('one', waits);
    const codes = await Promise.all(
      (['anna', 'bob'] as const).map(async (user) => (await plugin(user, 'approve', 'one', '--yes')).code),
    );
    expect(codes).toEqual([0, 0]);
    const { 'dnshealth.io/approved': hash, 'dnshealth.io/approved-by': by } = await annotationsOf(
      `${INCIDENTS}/one`,
    );
    expect([hash, [userOf('anna'), userOf('bob')]]).toEqual(['first', expect.arrayContaining([by])]);
  });

  it('is only tried with --dry-run', async () => {
    await aRecord('one', waits);
    expect((await plugin('anna', 'approve', 'one', '--dry-run')).out).toContain('not written (dry run)');
    expect(await annotationsOf(`${INCIDENTS}/one`)).toEqual({});
  });
});

it('an acknowledgement of all takes those that need it', async () => {
  const ended = { reason: 'Because', finishedAt: new Date().toISOString() };
  await aRecord('failed', { phase: 'Failed', ...ended });
  await aRecord('healed', { phase: 'Healed', ...ended });
  expect((await plugin('anna', 'acknowledge', '--all')).code).toBe(0);
  expect(await annotationsOf(`${INCIDENTS}/failed`)).toEqual({ 'dnshealth.io/acknowledged': 'true' });
  expect(await annotationsOf(`${INCIDENTS}/healed`)).toEqual({});
});

describe('a pause', () => {
  it('of two people at once keeps both entries, and each takes out the own one', async () => {
    const both = await Promise.all(
      (['anna', 'bob'] as const).map((user) => plugin(user, 'pause', 'coredns', '--reason', `as ${user}`)),
    );
    expect(both.map(({ code, err }) => [code, err])).toEqual([
      [0, ''],
      [0, ''],
    ]);
    expect((await pausesOf()).map(({ by }) => by).sort()).toEqual([userOf('anna'), userOf('bob')]);
    expect(await plugin('anna', 'resume', 'coredns')).toMatchObject({
      code: 0,
      out: expect.stringContaining(`Is still paused by ${userOf('bob')}: as bob`),
    });
    expect((await pausesOf()).map(({ by }) => by)).toEqual([userOf('bob')]);
  });

  it('of another person needs the right to change the policy', async () => {
    await plugin('bob', 'pause', 'coredns', '--reason', 'upgrade', '--for', '2h');
    const { code, err } = await plugin('anna', 'resume', 'coredns', '--all-entries');
    expect([code, err]).toEqual([
      2,
      expect.stringContaining('Pauses may be added, changed and taken out only in your own name'),
    ]);
    expect(await pausesOf()).toHaveLength(1);
    expect((await plugin('chief', 'resume', 'coredns', '--all-entries')).code).toBe(0);
    expect(await pausesOf()).toEqual([]);
  });

  it('is refused to a user who may only read', async () => {
    const { code, err } = await plugin('guest', 'pause', 'coredns', '--reason', 'x');
    expect([code, err]).toEqual([
      2,
      expect.stringContaining('the ClusterRole dnshealth-pauser holds that right'),
    ]);
  });

  it('of all policies is one switch, which another person does not take over', async () => {
    expect((await plugin('anna', 'pause', '--all-policies', '--reason', 'outage')).code).toBe(0);
    expect(await annotationsOf(NAMESPACE)).toMatchObject({
      'dnshealth.io/pause': 'outage',
      'dnshealth.io/pause-by': userOf('anna'),
    });
    const { code, err } = await plugin('bob', 'resume', '--all-policies', '--all-entries');
    expect([code, err]).toEqual([2, expect.stringContaining('set and taken out only in your own name')]);
    expect((await plugin('anna', 'resume', '--all-policies')).code).toBe(0);
    expect(await annotationsOf(NAMESPACE)).not.toHaveProperty('dnshealth.io/pause');
  });
});

describe('whoever may only pause', () => {
  it.each<[string, string, object]>([
    ['the mode', `${POLICIES}/coredns`, { spec: { mode: 'Observe' } }],
    ['a limit', `${POLICIES}/coredns`, { spec: { limits: { maxConcurrent: 10 } } }],
    ['a label', `${POLICIES}/coredns`, { metadata: { labels: { a: 'b' } } }],
    ['another annotation', `${POLICIES}/coredns`, { metadata: { annotations: { a: 'b' } } }],
    ['a pause in the name of bob', `${POLICIES}/coredns`, { spec: { pause: [{ reason: 'x', by: 'bob' }] } }],
    [
      'the Pod Security level of the namespace',
      NAMESPACE,
      { metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'privileged' } } },
    ],
    [
      'the pause of all in the name of bob',
      NAMESPACE,
      { metadata: { annotations: { 'dnshealth.io/pause': 'x', 'dnshealth.io/pause-by': 'bob' } } },
    ],
    [
      'the pause of all without a name',
      NAMESPACE,
      { metadata: { annotations: { 'dnshealth.io/pause': 'x' } } },
    ],
  ])('cannot change %s', async (_what, path, body) => {
    const { status, body: answer } = await asUser('anna', 'PATCH', path, body);
    expect([status, answer]).toEqual([403, expect.stringContaining('ValidatingAdmissionPolicy')]);
  });

  it('does not keep an administrator from anything', async () => {
    const body = { spec: { mode: 'Observe', pause: [{ reason: 'x', by: 'bob' }] } };
    expect((await asUser('chief', 'PATCH', `${POLICIES}/coredns`, body)).status).toBe(200);
  });
});

describe('what the operator answers', () => {
  const NODES = '/api/v1/nodes';
  beforeAll(async () => {
    for (const name of ['node-1', 'node-2']) await server.call('POST', NODES, { metadata: { name } });
  });
  const requests = async () =>
    until(
      async () => {
        const { 'dnshealth.io/plan-requests': text } = await annotationsOf(`${POLICIES}/coredns`);
        return text === undefined ? undefined : (JSON.parse(text) as readonly { by: string; node: string }[]);
      },
      { what: 'the request', timeoutMs: HANG_MS, everyMs: 20 },
    );
  const takeOut = async () =>
    server.call(
      'PATCH',
      `${POLICIES}/coredns`,
      { metadata: { annotations: { 'dnshealth.io/plan-requests': null } } },
      MERGE,
    );
  const common = () => {
    const { policy, node, cause, settings } = aRemediation().spec;
    return { policy, node, cause, settings };
  };

  it('is waited for and printed: the plan of one node, and that there is none for another', async () => {
    const printed = plugin('anna', 'plan', 'node-1', 'node-2', '--wait', '--timeout', '60s', '-o', 'json');
    const asked = await requests();
    expect(asked.map(({ node, by }) => [node, by])).toEqual([
      ['node-1', userOf('anna')],
      ['node-2', userOf('anna')],
    ]);
    const request = { by: userOf('anna'), at: new Date().toISOString() };
    await aRecord(
      'planned',
      { phase: 'Planned', ...inTheFuture, finishedAt: new Date().toISOString() },
      { ...common(), trigger: 'Request', request },
    );
    await takeOut();
    const { code, out } = await printed;
    expect(code).toBe(1);
    expect(JSON.parse(out).plans).toMatchObject([
      { node: 'node-1', record: 'planned', phase: 'Planned', plan: { hash: 'first' } },
      { node: 'node-2', record: null, plan: null },
    ]);
  });

  it('is told as it happens: a rollback to its end', async () => {
    const change = {
      path: '/x',
      line: 1,
      before: 'a',
      after: 'b',
      sha256Before: 'a',
      sha256After: 'b',
      backup: '/y',
    };
    const original = await aRecord('one', {
      phase: 'Healed',
      repair: aRepairReport({ change }),
      finishedAt: new Date().toISOString(),
    });
    const told = plugin('anna', 'rollback', 'one', '--reason', 'wanted', '--wait', '--timeout', '60s');
    await until(async () => (await annotationsOf(`${INCIDENTS}/one`))['dnshealth.io/rollback'], {
      what: 'the request',
      timeoutMs: HANG_MS,
      everyMs: 20,
    });
    const { name, uid } = original.metadata;
    const rollback = {
      of: { name, uid },
      by: userOf('anna'),
      reason: 'wanted',
      at: new Date().toISOString(),
    };
    await aRecord(
      'one-back',
      {
        phase: 'RolledBack',
        reason: 'RolledBackOnRequest',
        message: 'The old file is back.',
        finishedAt: new Date().toISOString(),
      },
      { ...common(), trigger: 'Rollback', rollback },
    );
    expect(await told).toMatchObject({
      code: 0,
      out: expect.stringContaining('RolledBack: The old file is back.'),
    });
  });

  it('is not waited for for ever', async () => {
    const { code, out } = await plugin('anna', 'plan', 'node-1', '--wait', '--timeout', '1s');
    expect([code, out]).toEqual([2, expect.stringContaining('node-1  The operator has not answered yet.')]);
  });
});
