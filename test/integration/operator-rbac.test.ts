/** What the operator's service account may do and what it may not, according to a real apiserver with RBAC. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Apiserver, startApiserver } from '../support/apiserver/apiserver.ts';
import { applyInstallation, type Manifest, readInstallation } from '../support/apiserver/installed-rbac.ts';

interface Attributes {
  readonly group?: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
}
type Row = readonly [verb: string, attributes: Attributes];

const OPERATOR = 'system:serviceaccount:dnshealth-system:dnshealth-operator';
const WITHOUT_RIGHTS = [
  'system:serviceaccount:dnshealth-node:dnshealth-agent',
  'system:serviceaccount:dnshealth-check:dnshealth-check',
];
const inKubeSystem = { namespace: 'kube-system' };
const inNodeNamespace = { namespace: 'dnshealth-node' };
const inCheckNamespace = { namespace: 'dnshealth-check' };
const inDefault = { namespace: 'default' };
const inOwn = { namespace: 'dnshealth-system' };
const nodes = { resource: 'nodes' };
const pods = { resource: 'pods' };
const ours = (resource: string, subresource?: string): Attributes => ({
  group: 'dnshealth.io',
  resource,
  ...(subresource ? { subresource } : {}),
});
const rbac = (resource: string): Attributes => ({ group: 'rbac.authorization.k8s.io', resource });
const leases = { group: 'coordination.k8s.io', resource: 'leases' };
const apps = (resource: string): Attributes => ({ group: 'apps', resource });

const ALLOWED: readonly Row[] = [
  ...['get', 'list', 'watch'].flatMap((verb): Row[] => [
    [verb, ours('dnshealthpolicies')],
    [verb, ours('dnsremediations')],
    [verb, nodes],
    [verb, { ...pods, ...inKubeSystem }],
    [verb, { ...pods, ...inCheckNamespace }],
    [verb, { group: 'batch', resource: 'jobs', ...inNodeNamespace }],
  ]),
  ['create', ours('dnsremediations')],
  // Old ones, beyond the history of their policy.
  ['delete', ours('dnsremediations')],
  ['update', ours('dnsremediations', 'status')],
  ['update', ours('dnshealthpolicies', 'status')],
  // Requests for plans that were answered; admission lets it change nothing else.
  ['patch', ours('dnshealthpolicies')],
  ['patch', nodes],
  // The annotation that pauses all policies.
  ...['get', 'list', 'watch'].map(
    (verb): Row => [verb, { resource: 'namespaces', name: 'dnshealth-system' }],
  ),
  // The other pods of a repaired node, which the record names.
  ['list', pods],
  // The condition of a node.
  ['patch', { ...nodes, subresource: 'status' }],
  // Starts of kubelets are events of nodes, which are in this namespace.
  ...['list', 'watch'].map((verb): Row => [verb, { resource: 'events', ...inDefault }]),
  ['delete', { ...pods, ...inKubeSystem }],
  ['get', { ...pods, subresource: 'log', ...inKubeSystem }],
  ['list', { resource: 'services', ...inKubeSystem }],
  ['get', { resource: 'services', name: 'kubernetes', ...inDefault }],
  ...['coredns', 'nodelocaldns', 'node-local-dns', 'kubelet-config'].map(
    (name): Row => ['get', { resource: 'configmaps', name, ...inKubeSystem }],
  ),
  ...['deployments', 'replicasets', 'daemonsets'].map(
    (resource): Row => ['get', { ...apps(resource), ...inKubeSystem }],
  ),
  ['create', { group: 'batch', resource: 'jobs', ...inNodeNamespace }],
  ['delete', { group: 'batch', resource: 'jobs', ...inNodeNamespace }],
  ...['list', 'watch'].map((verb): Row => [verb, { ...pods, ...inNodeNamespace }]),
  ['create', { ...pods, ...inCheckNamespace }],
  ['delete', { ...pods, ...inCheckNamespace }],
  ['deletecollection', { ...pods, ...inCheckNamespace }],
  ['create', { group: 'events.k8s.io', resource: 'events', ...inDefault }],
  ['create', { ...leases, ...inOwn }],
  ...['get', 'list', 'watch', 'patch'].map(
    (verb): Row => [verb, { ...leases, name: 'dnshealth-operator', ...inOwn }],
  ),
  ['patch', { group: 'events.k8s.io', resource: 'events', ...inKubeSystem }],
];

const REFUSED: readonly Row[] = [
  // Only one Lease, and only in the operator's own namespace.
  ...['get', 'list', 'watch', 'update', 'patch', 'delete'].map(
    (verb): Row => [verb, { ...leases, name: 'another', ...inOwn }],
  ),
  ['delete', { ...leases, name: 'dnshealth-operator', ...inOwn }],
  ['list', { ...leases, ...inOwn }],
  ...['get', 'patch'].map((verb): Row => [verb, { ...leases, name: 'kube-scheduler', ...inKubeSystem }]),
  ...[inKubeSystem, inNodeNamespace, inCheckNamespace, inDefault].flatMap((where): Row[] => [
    ['create', { ...leases, ...where }],
    ['get', { ...leases, name: 'dnshealth-operator', ...where }],
  ]),
  ['*', { group: '*', resource: '*' }],
  ...['get', 'list', 'watch', 'create'].flatMap((verb): Row[] => [
    [verb, { resource: 'secrets' }],
    [verb, { resource: 'secrets', ...inKubeSystem }],
    [verb, { resource: 'secrets', ...inOwn }],
  ]),
  ...['get', 'list', 'watch'].map((verb): Row => [verb, { resource: 'namespaces', name: 'kube-system' }]),
  ...['list', 'watch', 'create'].map((verb): Row => [verb, { resource: 'namespaces' }]),
  ...['update', 'patch', 'delete'].map(
    (verb): Row => [verb, { resource: 'namespaces', name: 'dnshealth-system' }],
  ),
  ['get', { ...nodes, subresource: 'proxy' }],
  ['create', { ...nodes, subresource: 'proxy' }],
  ['update', { ...nodes, subresource: 'status' }],
  ['get', { ...nodes, subresource: 'status' }],
  ['create', nodes],
  ['update', nodes],
  ['delete', nodes],
  ...[inKubeSystem, inNodeNamespace, inDefault].map(
    (where): Row => ['deletecollection', { ...pods, ...where }],
  ),
  ...[inKubeSystem, inNodeNamespace, inCheckNamespace].flatMap((where): Row[] => [
    ['list', { resource: 'events', ...where }],
    ['watch', { resource: 'events', ...where }],
  ]),
  ['create', { resource: 'events', ...inDefault }],
  ...[inKubeSystem, inNodeNamespace, inCheckNamespace, inDefault].flatMap((where): Row[] => [
    ['create', { ...pods, subresource: 'exec', ...where }],
    ['get', { ...pods, subresource: 'exec', ...where }],
    ['create', { ...pods, subresource: 'attach', ...where }],
    ['create', { ...pods, subresource: 'portforward', ...where }],
    ['update', { ...pods, subresource: 'ephemeralcontainers', ...where }],
    ['patch', { ...pods, ...where }],
    ['create', { ...pods, subresource: 'eviction', ...where }],
  ]),
  ['create', { ...pods, ...inKubeSystem }],
  // Where host paths are allowed: only the Job controller creates pods there.
  ...['create', 'delete', 'get'].map((verb): Row => [verb, { ...pods, ...inNodeNamespace }]),
  ['get', { ...pods, ...inDefault }],
  ['get', { resource: 'services', name: 'another', ...inDefault }],
  ['list', { resource: 'services', ...inDefault }],
  ['get', { resource: 'endpoints', name: 'kubernetes', ...inDefault }],
  ['delete', { ...pods, ...inDefault }],
  ['delete', { ...pods, ...inOwn }],
  ['create', { ...pods, ...inDefault }],
  ['watch', pods],
  ['get', pods],
  ['delete', pods],
  ['get', { ...pods, subresource: 'log', ...inDefault }],
  ['get', { ...pods, subresource: 'log', ...inNodeNamespace }],
  ['get', { ...pods, subresource: 'log', ...inCheckNamespace }],
  ['create', { group: 'batch', resource: 'jobs', ...inCheckNamespace }],
  ['list', { resource: 'configmaps', ...inKubeSystem }],
  ['watch', { resource: 'configmaps', ...inKubeSystem }],
  ['get', { resource: 'configmaps', name: 'kubeadm-config', ...inKubeSystem }],
  ['update', { resource: 'configmaps', name: 'coredns', ...inKubeSystem }],
  ['patch', { resource: 'configmaps', name: 'kubelet-config', ...inKubeSystem }],
  ['patch', { ...apps('deployments'), ...inKubeSystem }],
  ['update', { ...apps('deployments'), subresource: 'scale', ...inKubeSystem }],
  ['delete', { ...apps('daemonsets'), ...inKubeSystem }],
  ['create', { ...apps('daemonsets'), ...inNodeNamespace }],
  ['create', { group: 'batch', resource: 'jobs', ...inKubeSystem }],
  ['patch', { group: 'batch', resource: 'jobs', ...inNodeNamespace }],
  ['create', { group: 'batch', resource: 'cronjobs', ...inNodeNamespace }],
  ['create', { resource: 'serviceaccounts', subresource: 'token', ...inKubeSystem }],
  ['impersonate', { resource: 'users' }],
  ['impersonate', { resource: 'serviceaccounts', ...inKubeSystem }],
  ...['create', 'update', 'patch', 'bind', 'escalate'].flatMap((verb): Row[] => [
    [verb, rbac('clusterroles')],
    [verb, rbac('clusterrolebindings')],
    [verb, { ...rbac('roles'), ...inKubeSystem }],
  ]),
  ['create', { group: 'certificates.k8s.io', resource: 'certificatesigningrequests' }],
  ['create', { group: 'admissionregistration.k8s.io', resource: 'mutatingwebhookconfigurations' }],
  ['patch', { group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions' }],
  ['create', ours('dnshealthpolicies')],
  ['update', ours('dnshealthpolicies')],
  ['delete', ours('dnshealthpolicies')],
  ['update', ours('dnsremediations')],
  ['patch', ours('dnsremediations')],
  ['patch', { resource: 'namespaces' }],
];

const describeRow = ([verb, { group, resource, subresource, namespace, name }]: Row): string =>
  `${verb} ${group ? `${group}/` : ''}${resource}${subresource ? `/${subresource}` : ''}${name ? ` ${name}` : ''}${namespace ? ` in ${namespace}` : ''}`;

let server: Apiserver;
beforeAll(async () => {
  server = await startApiserver();
  await applyInstallation(server);
});
afterAll(async () => {
  await server.stop();
});

async function may(user: string, [verb, resourceAttributes]: Row): Promise<boolean> {
  const { status, body } = await server.call('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: {
      user,
      groups: ['system:serviceaccounts', 'system:authenticated'],
      resourceAttributes: { verb, ...resourceAttributes },
    },
  });
  expect(status).toBe(201);
  return body.status.allowed;
}

describe('the operator', () => {
  it.each(ALLOWED.map((row) => ({ row, what: describeRow(row) })))('may $what', async ({ row }) => {
    expect(await may(OPERATOR, row)).toBe(true);
  });

  it.each(REFUSED.map((row) => ({ row, what: describeRow(row) })))('may not $what', async ({ row }) => {
    expect(await may(OPERATOR, row)).toBe(false);
  });
});

describe.each(WITHOUT_RIGHTS)('%s', (account) => {
  it('may do nothing of either list', async () => {
    for (const row of [...ALLOWED, ...REFUSED])
      expect([describeRow(row), await may(account, row)]).toEqual([describeRow(row), false]);
  });
});

describe('a user with the roles dnshealth-checker', () => {
  const USER = 'jane';
  const inChecks = inCheckNamespace;
  const deployment = { ...apps('deployments'), name: 'dnshealth-operator', ...inOwn };

  beforeAll(async () => {
    const subjects = [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: USER }];
    const metadata = { name: 'jane-checks' };
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', name: 'dnshealth-checker' };
    const path = '/apis/rbac.authorization.k8s.io/v1';
    const bind = async (at: string, kind: string) =>
      expect(
        await server.call('POST', `${path}/${at}`, { metadata, subjects, roleRef: { ...roleRef, kind } }),
      ).toMatchObject({ status: 201 });
    await bind('clusterrolebindings', 'ClusterRole');
    for (const { namespace } of [inCheckNamespace, inOwn, inKubeSystem])
      await bind(`namespaces/${namespace}/rolebindings`, 'Role');
  });

  it.each<Row>([
    ['list', nodes],
    ['get', { ...nodes, name: 'node-1' }],
    ['get', { resource: 'namespaces', name: 'dnshealth-check' }],
    ['list', ours('dnshealthpolicies')],
    ...['list', 'create', 'delete'].map((verb): Row => [verb, { ...pods, ...inChecks }]),
    ['get', { ...pods, subresource: 'log', ...inChecks }],
    ['list', { resource: 'events', ...inChecks }],
    ['get', deployment],
    ['list', { resource: 'services', ...inKubeSystem }],
    ['list', { ...pods, ...inKubeSystem }],
  ])('may do what `kubectl dnshealth check` asks for: %s %j', async (...row) => {
    expect(await may(USER, row)).toBe(true);
  });

  it.each<Row>([
    ['create', { ...pods, ...inNodeNamespace }],
    ['create', { ...pods, ...inDefault }],
    ['delete', { ...pods, ...inKubeSystem }],
    ['patch', nodes],
    ['create', { ...pods, subresource: 'exec', ...inChecks }],
    ['list', { resource: 'secrets', ...inChecks }],
    ['update', ours('dnshealthpolicies')],
  ])('may not %s %j', async (...row) => {
    expect(await may(USER, row)).toBe(false);
  });
});

describe('the roles in the manifests', () => {
  const rulesOf = (manifests: readonly Manifest[]) =>
    manifests.flatMap(({ kind, metadata, rules = [] }) =>
      rules.map((rule) => ({ role: `${kind} ${metadata.name}`, rule })),
    );

  it('have no wildcard, and no permission that leads to others', async () => {
    const rules = rulesOf(await readInstallation());
    expect(rules.length).toBeGreaterThan(10);
    const forbidden: Readonly<Record<'apiGroups' | 'resources' | 'verbs', readonly string[]>> = {
      apiGroups: ['rbac.authorization.k8s.io', 'admissionregistration.k8s.io', 'certificates.k8s.io'],
      resources: [
        'secrets',
        'serviceaccounts/token',
        'nodes/proxy',
        ...['exec', 'attach', 'portforward', 'ephemeralcontainers'].map((sub) => `pods/${sub}`),
      ],
      verbs: ['escalate', 'bind', 'impersonate'],
    };
    const found = rules.flatMap(({ role, rule }) =>
      (['apiGroups', 'resources', 'verbs'] as const).flatMap((field) =>
        (rule[field] ?? [])
          .filter((word) => word.includes('*') || forbidden[field].includes(word))
          .map((word) => `${role}: ${field} ${word}`),
      ),
    );
    expect(found).toEqual([]);
    expect(rules.filter(({ rule }) => rule.nonResourceURLs)).toEqual([]);
  });

  it('are bound only to the operator’s account', async () => {
    const bindings = (await readInstallation()).filter(({ kind }) => kind.endsWith('Binding'));
    expect(bindings).toHaveLength(6);
    for (const binding of bindings)
      expect(Reflect.get(binding, 'subjects')).toEqual([
        { kind: 'ServiceAccount', name: 'dnshealth-operator', namespace: 'dnshealth-system' },
      ]);
  });
});
