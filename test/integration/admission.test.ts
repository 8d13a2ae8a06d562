/** Who may answer a plan, and with whose name, according to a real apiserver with the admission policies of the installation. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { API_VERSION } from '../../src/api/keys.ts';
import { policySpecSchema } from '../../src/api/policy.ts';
import {
  type InstalledApiserver,
  startInstalledApiserver,
} from '../support/apiserver/installed-apiserver.ts';
import { tokenOf } from '../support/apiserver/installed-rbac.ts';
import { aSighting } from '../support/objects/builders.ts';

const REMEDIATIONS = `/apis/${API_VERSION}/dnsremediations`;
const POLICIES = `/apis/${API_VERSION}/dnshealthpolicies`;
const OPERATOR = 'system:serviceaccount:dnshealth-system:dnshealth-operator';
const HASH = 'a'.repeat(64);
const NAME = 'node-1-incident';

type Annotations = Readonly<Record<string, string | null>>;

let server: InstalledApiserver;
const tokens = new Map<string, string>();
/** Anna and Bob may approve; Carl may change records, and nothing more. */
const PEOPLE = ['anna', 'bob', 'carl'] as const;
type Person = (typeof PEOPLE)[number];
const userOf = (person: Person): string => `system:serviceaccount:default:${person}`;

beforeAll(async () => {
  server = await startInstalledApiserver();
  for (const person of PEOPLE) {
    const metadata = { name: person, namespace: 'default' };
    await created('/api/v1/namespaces/default/serviceaccounts', {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata,
    });
    tokens.set(userOf(person), await tokenOf(server, 'default', person));
  }
  tokens.set(OPERATOR, server.operatorToken);
  const rbac = '/apis/rbac.authorization.k8s.io/v1';
  await created(`${rbac}/clusterroles`, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'record-editor' },
    rules: [
      { apiGroups: ['dnshealth.io'], resources: ['dnsremediations'], verbs: ['get', 'patch', 'create'] },
    ],
  });
  // The operator has no right to change a record beside its status; here it has, so that admission alone decides.
  const bindings: Readonly<Record<string, readonly string[]>> = {
    'dnshealth-approver': [userOf('anna'), userOf('bob')],
    'record-editor': [userOf('carl'), OPERATOR],
  };
  for (const [role, users] of Object.entries(bindings))
    await created(`${rbac}/clusterrolebindings`, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: `test-${role}` },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
      subjects: users.map((name) => ({ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name })),
    });
  await created(POLICIES, {
    apiVersion: API_VERSION,
    kind: 'DNSHealthPolicy',
    metadata: { name: 'default' },
  });
});
afterAll(async () => {
  await server.stop();
});
beforeEach(async () => {
  await server.call('DELETE', `${REMEDIATIONS}/${NAME}`);
  await created(REMEDIATIONS, record(NAME));
});

async function created(path: string, body: object): Promise<void> {
  const answer = await server.call('POST', path, body);
  if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
}

const record = (name: string, annotations: Annotations = {}) => ({
  apiVersion: API_VERSION,
  kind: 'DNSRemediation',
  metadata: { name, annotations },
  spec: {
    policy: { name: 'default', uid: 'p-1' },
    node: { name: 'node-1', uid: 'n-1' },
    cause: 'KubeletResolvConf',
    trigger: 'Crash',
    sighting: aSighting(),
    settings: policySpecSchema.parse({}),
  },
});

const as = async (user: string, method: 'POST' | 'PUT' | 'PATCH', path: string, body: object) =>
  server.call(method, path, body, {
    token: tokens.get(user) ?? '',
    ...(method === 'PATCH' && { contentType: 'application/merge-patch+json' }),
  });

const annotate = async (user: string, annotations: Annotations) =>
  as(user, 'PATCH', `${REMEDIATIONS}/${NAME}`, { metadata: { annotations } });

const answer = (key: 'approved' | 'rejected' | 'rollback', value: string | null, by: string | null) => ({
  [`dnshealth.io/${key}`]: value,
  [`dnshealth.io/${key}-by`]: by,
});

describe('an answer to a plan', () => {
  it.each(['approved', 'rejected', 'rollback'] as const)(
    '%s passes with the name of its sender',
    async (key) => {
      const passed = await annotate(userOf('anna'), answer(key, HASH, userOf('anna')));
      expect([passed.status, passed.body.message]).toEqual([200, undefined]);
    },
  );

  it('is refused with the name of someone else, and says which name it must have', async () => {
    const forged = await annotate(userOf('anna'), answer('approved', HASH, userOf('bob')));
    expect(forged.status).toBe(422);
    expect(forged.body.message).toContain(`must be ${userOf('anna')}`);
  });

  it('is refused without a name', async () => {
    const unsigned = await annotate(userOf('anna'), { 'dnshealth.io/approved': HASH });
    expect(unsigned.status).toBe(422);
    expect(unsigned.body.message).toContain('belong together');
  });

  it('is refused from a user without the verb approve, who may change records otherwise', async () => {
    for (const annotations of [
      answer('approved', HASH, userOf('carl')),
      answer('rejected', 'no', userOf('carl')),
      { 'dnshealth.io/acknowledged': 'true' },
    ]) {
      const denied = await annotate(userOf('carl'), annotations);
      expect(denied.status).toBe(403);
      expect(denied.body.message).toContain('dnshealth-approver');
    }
    expect((await annotate(userOf('carl'), { 'example.com/note': 'x' })).status).toBe(200);
  });

  it('is refused from the operator itself, whatever its rights', async () => {
    const denied = await annotate(OPERATOR, answer('approved', HASH, OPERATOR));
    expect(denied.status).toBe(403);
    // By whichever policy says it first.
    expect(denied.body.message).toMatch(
      /may not answer its own plans|may not UPDATE dnshealth.io.dnsremediations/i,
    );
  });

  it('cannot be brought along when a record is created', async () => {
    const brought = record('brought', answer('approved', HASH, userOf('anna')));
    expect((await as(userOf('carl'), 'POST', REMEDIATIONS, brought)).status).toBe(403);
    expect((await as(OPERATOR, 'POST', REMEDIATIONS, brought)).status).toBe(403);
  });

  it('does not come in with a status, which the operator writes', async () => {
    const read = await server.call('GET', `${REMEDIATIONS}/${NAME}`);
    const { metadata } = read.body;
    const annotations = answer('approved', HASH, userOf('anna'));
    const written = { ...read.body, metadata: { ...metadata, annotations }, status: { phase: 'Pending' } };
    expect((await as(OPERATOR, 'PUT', `${REMEDIATIONS}/${NAME}/status`, written)).status).toBe(200);
    const after = await server.call('GET', `${REMEDIATIONS}/${NAME}`);
    expect(after.body.metadata.annotations ?? {}).not.toHaveProperty('dnshealth.io/approved');
  });
});

describe('an answer that is there', () => {
  beforeEach(async () => {
    const passed = await annotate(userOf('anna'), answer('approved', HASH, userOf('anna')));
    if (passed.status !== 200) throw new Error(JSON.stringify(passed.body));
  });

  it('does not keep anyone from changing something else, the operator and its status included', async () => {
    expect((await annotate(userOf('carl'), { 'example.com/note': 'x' })).status).toBe(200);
    const read = await server.call('GET', `${REMEDIATIONS}/${NAME}`);
    const written = { ...read.body, status: { phase: 'Pending' } };
    expect((await as(OPERATOR, 'PUT', `${REMEDIATIONS}/${NAME}/status`, written)).status).toBe(200);
  });

  it('cannot be signed over: the name changes only with the answer', async () => {
    const over = await annotate(userOf('bob'), answer('approved', HASH, userOf('bob')));
    expect(over.status).toBe(422);
    expect(over.body.message).toContain('cannot be changed alone');
    expect((await annotate(userOf('bob'), answer('approved', HASH, null))).status).toBe(422);
  });

  it('can be replaced by another one, under the name of whoever gives that', async () => {
    const other = 'b'.repeat(64);
    expect((await annotate(userOf('bob'), answer('approved', other, userOf('anna')))).status).toBe(422);
    expect((await annotate(userOf('bob'), answer('approved', other, userOf('bob')))).status).toBe(200);
  });

  it('can be taken back with its name, by whoever may approve', async () => {
    expect((await annotate(userOf('carl'), answer('approved', null, null))).status).toBe(403);
    expect((await annotate(userOf('bob'), { 'dnshealth.io/approved': null })).status).toBe(422);
    expect((await annotate(userOf('bob'), answer('approved', null, null))).status).toBe(200);
  });
});

describe('of a policy, the operator', () => {
  const policy = `${POLICIES}/default`;
  const asOperator = async (patch: object) => as(OPERATOR, 'PATCH', policy, patch);
  const annotated = (annotations: Annotations) => ({ metadata: { annotations } });
  const REQUESTS = 'dnshealth.io/plan-requests';

  it('takes out requests for plans, and changes nothing else', async () => {
    const merge = { contentType: 'application/merge-patch+json' };
    await server.call('PATCH', policy, annotated({ [REQUESTS]: '[]', 'example.com/note': 'x' }), merge);
    for (const patch of [
      { spec: { mode: 'Approve' } },
      annotated({ [REQUESTS]: '[1]' }),
      annotated({ 'example.com/note': null }),
      annotated({ 'example.com/other': 'x' }),
    ]) {
      const denied = await asOperator(patch);
      expect(denied.status).toBe(403);
      // The operator holds no right to update, so that the policy of pauses denies some of it as well.
      expect(denied.body.message).toMatch(/dnshealth-(policies-are-declared|pauses)'/);
    }
    expect((await asOperator(annotated({ [REQUESTS]: null }))).status).toBe(200);
  });
});
