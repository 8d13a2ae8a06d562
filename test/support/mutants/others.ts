/** What else a stolen token of the operator could try: pods of others, records, rights, and what keeps it in bounds. */
import { aRemediation } from '../objects/builders.ts';
import { MERGE, type Mutant } from './mutant.ts';

const KUBE_SYSTEM = '/api/v1/namespaces/kube-system/pods';
const CHECKS = '/api/v1/namespaces/dnshealth-check/pods';
const RECORDS = '/apis/dnshealth.io/v1alpha1/dnsremediations';
const RBAC = '/apis/rbac.authorization.k8s.io/v1';

const controlledBy = (kind: string, name: string) => ({
  ownerReferences: [
    { apiVersion: kind === 'Node' ? 'v1' : 'apps/v1', kind, name, uid: 'w-1', controller: true },
  ],
});
const aPod = (namespace: string, name: string, metadata: object) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace, ...metadata },
  spec: {
    nodeName: 'free',
    containers: [
      {
        name: 'c',
        image: 'c',
        // Two of the namespaces accept nothing else.
        securityContext: {
          allowPrivilegeEscalation: false,
          runAsNonRoot: true,
          capabilities: { drop: ['ALL'] },
          seccompProfile: { type: 'RuntimeDefault' },
        },
      },
    ],
  },
});
export const COREDNS = 'coredns-5d78c9869d-abcde';

/** Pods that an administrator has created. */
export const PODS = [
  aPod('kube-system', COREDNS, {
    labels: { 'k8s-app': 'kube-dns' },
    ...controlledBy('ReplicaSet', 'coredns-5d78c9869d'),
  }),
  aPod('kube-system', 'coredns-by-hand', { labels: { 'k8s-app': 'kube-dns' } }),
  aPod('kube-system', 'coredns-static', {
    labels: { 'k8s-app': 'kube-dns' },
    ...controlledBy('Node', 'free'),
  }),
  aPod('kube-system', 'etcd-free', { labels: { component: 'etcd' }, ...controlledBy('Node', 'free') }),
  aPod('kube-system', 'kube-proxy-x', {
    labels: { 'k8s-app': 'kube-proxy' },
    ...controlledBy('DaemonSet', 'kube-proxy'),
  }),
  aPod('kube-system', 'calico-node-x', {
    labels: { 'k8s-app': 'calico-node' },
    ...controlledBy('DaemonSet', 'calico-node'),
  }),
  aPod('default', 'business', { labels: { 'k8s-app': 'kube-dns' }, ...controlledBy('ReplicaSet', 'x') }),
  aPod('dnshealth-check', 'dnshealth-check-of-a-person', {
    labels: { 'app.kubernetes.io/managed-by': 'kubectl-dnshealth' },
  }),
  aPod('dnshealth-system', 'dnshealth-operator-x', {}),
];

/** Records that an administrator has created, with their status. */
export const OPEN = { name: 'node-1-00000001', status: { phase: 'Repairing' } };
export const ENDED = {
  name: 'node-1-00000002',
  status: { phase: 'Failed', finishedAt: '2026-01-01T00:00:00Z', reason: 'RepairFailed' },
};
export const aRecord = (name: string, metadata: object = {}) => ({
  apiVersion: 'dnshealth.io/v1alpha1',
  kind: 'DNSRemediation',
  metadata: { name, ...metadata },
  spec: aRemediation().spec,
});

const deletion = (
  what: string,
  path: string,
  body: NonNullable<Mutant['body']>,
  deniedBy = 'dnshealth-deleted-pods',
): Mutant => ({
  what,
  method: 'DELETE',
  path,
  body,
  deniedBy,
});
const creation = (what: string, path: string, body: object, deniedBy = 'dnshealth-accounts'): Mutant => ({
  what,
  method: 'POST',
  path,
  body,
  deniedBy,
});
const patch = (what: string, path: string, body: object, deniedBy = 'dnshealth-accounts'): Mutant => ({
  what,
  method: 'PATCH',
  path,
  body,
  contentType: MERGE,
  deniedBy,
});

/** @param uidOf the uid of a pod of `PODS` by its name; asked when the pod exists */
export const deletions = (uidOf: (name: string) => string): readonly Mutant[] => {
  const precise = (name: string) => () => ({ preconditions: { uid: uidOf(name) }, gracePeriodSeconds: 1 });
  const one = (what: string, name: string) => deletion(what, `${KUBE_SYSTEM}/${name}`, precise(name));
  return [
    one('a static pod of etcd deleted', 'etcd-free'),
    one('a pod of kube-proxy deleted', 'kube-proxy-x'),
    one('a pod of the network plugin deleted', 'calico-node-x'),
    one('a DNS pod deleted that nothing replaces', 'coredns-by-hand'),
    one('a static DNS pod deleted', 'coredns-static'),
    deletion('a DNS pod deleted without its uid', `${KUBE_SYSTEM}/${COREDNS}`, { gracePeriodSeconds: 1 }),
    deletion('a DNS pod deleted without a grace period', `${KUBE_SYSTEM}/${COREDNS}`, () => ({
      preconditions: { uid: uidOf(COREDNS) },
      gracePeriodSeconds: 0,
    })),
    deletion('all DNS pods deleted at once', `${KUBE_SYSTEM}?labelSelector=k8s-app%3Dkube-dns`, {}),
    deletion('the check of a person deleted', `${CHECKS}/dnshealth-check-of-a-person`, {
      gracePeriodSeconds: 0,
    }),
    deletion(
      'a pod of another namespace deleted',
      '/api/v1/namespaces/default/pods/business',
      precise('business'),
      'dnshealth-accounts',
    ),
  ];
};

const metadata = { name: 'mine' };
export const OTHER_MUTANTS: readonly Mutant[] = [
  // Records.
  creation(
    'a record with an approval',
    RECORDS,
    aRecord('node-1-0000000a', {
      annotations: { 'dnshealth.io/approved': 'a'.repeat(64), 'dnshealth.io/approved-by': 'anna' },
    }),
    'dnshealth-',
  ),
  creation(
    'an acknowledged record',
    RECORDS,
    aRecord('node-1-0000000a', {
      annotations: { 'dnshealth.io/acknowledged': 'true' },
    }),
    'dnshealth-',
  ),
  creation(
    'a record with a label',
    RECORDS,
    aRecord('node-1-0000000a', { labels: { a: 'b' } }),
    'dnshealth-records',
  ),
  creation(
    'a record that cannot be deleted',
    RECORDS,
    aRecord('node-1-0000000a', {
      finalizers: ['example.com/x'],
    }),
    'dnshealth-records',
  ),
  creation('a record under a free name', RECORDS, aRecord('mine'), 'dnshealth-records'),
  deletion('a record under way deleted', `${RECORDS}/${OPEN.name}`, {}, 'dnshealth-records'),
  patch(
    'a plan approved',
    `${RECORDS}/${OPEN.name}`,
    {
      metadata: { annotations: { 'dnshealth.io/approved': 'a'.repeat(64), 'dnshealth.io/approved-by': 'x' } },
    },
    'dnshealth-',
  ),
  patch(
    'a failure acknowledged',
    `${RECORDS}/${ENDED.name}`,
    {
      metadata: { annotations: { 'dnshealth.io/acknowledged': 'true' } },
    },
    'dnshealth-',
  ),
  patch(
    'a failure that becomes a success',
    `${RECORDS}/${ENDED.name}/status`,
    {
      status: { phase: 'Healed' },
    },
    'dnshealth-records',
  ),
  patch(
    'a record that begins again',
    `${RECORDS}/${ENDED.name}/status`,
    {
      status: { phase: 'Repairing', finishedAt: null },
    },
    'dnshealth-records',
  ),
  patch(
    'the end of a record at another time',
    `${RECORDS}/${ENDED.name}/status`,
    {
      status: { finishedAt: '2020-01-01T00:00:00Z' },
    },
    'dnshealth-records',
  ),
  // Policies.
  patch(
    'the mode of a policy',
    '/apis/dnshealth.io/v1alpha1/dnshealthpolicies/default',
    {
      spec: { mode: 'Repair' },
    },
    'dnshealth-policies-are-declared',
  ),
  patch(
    'the pause of a policy removed',
    '/apis/dnshealth.io/v1alpha1/dnshealthpolicies/default',
    {
      spec: { pause: null },
    },
    'dnshealth-policies-are-declared',
  ),
  creation(
    'a policy',
    '/apis/dnshealth.io/v1alpha1/dnshealthpolicies',
    {
      apiVersion: 'dnshealth.io/v1alpha1',
      kind: 'DNSHealthPolicy',
      metadata,
      spec: {},
    },
    'dnshealth-',
  ),
  deletion(
    'a policy deleted',
    '/apis/dnshealth.io/v1alpha1/dnshealthpolicies/default',
    {},
    'dnshealth-accounts',
  ),
  // Its own bounds.
  patch(
    'the Deployment of the operator',
    '/apis/apps/v1/namespaces/dnshealth-system/deployments/dnshealth-operator',
    {
      spec: { replicas: 0 },
    },
  ),
  patch('the pause of all policies removed', '/api/v1/namespaces/dnshealth-system', {
    metadata: { annotations: { 'dnshealth.io/pause': null } },
  }),
  patch('the Pod Security level of a namespace', '/api/v1/namespaces/dnshealth-check', {
    metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'privileged' } },
  }),
  // Rights.
  creation('a role', `${RBAC}/clusterroles`, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata,
    rules: [],
  }),
  creation('a token of another account', '/api/v1/namespaces/kube-system/serviceaccounts/default/token', {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: {},
  }),
  creation('a Secret', '/api/v1/namespaces/dnshealth-system/secrets', {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata,
  }),
  creation('a ConfigMap', '/api/v1/namespaces/dnshealth-system/configmaps', {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata,
  }),
  creation('a namespace', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata }),
  creation('more rights', `${RBAC}/clusterrolebindings`, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'much-too-much' },
    subjects: [{ kind: 'ServiceAccount', name: 'dnshealth-agent', namespace: 'dnshealth-node' }],
  }),
  // Pods of others.
  creation('a shell in the pod of etcd', `${KUBE_SYSTEM}/etcd-free/exec?command=sh&stdout=true`, {}),
  creation('a port of the pod of etcd', `${KUBE_SYSTEM}/etcd-free/portforward?ports=2379`, {}),
  patch('an ephemeral container', `${KUBE_SYSTEM}/kube-proxy-x/ephemeralcontainers`, {
    spec: { ephemeralContainers: [{ name: 'x', image: 'busybox' }] },
  }),
  creation('an eviction', `${KUBE_SYSTEM}/kube-proxy-x/eviction`, {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name: 'kube-proxy-x', namespace: 'kube-system' },
  }),
  creation('a pod in kube-system', KUBE_SYSTEM, aPod('kube-system', 'mine', {})),
  {
    ...patch('the image of a pod', `${KUBE_SYSTEM}/kube-proxy-x`, [
      { op: 'replace', path: '/spec/containers/0/image', value: 'busybox' },
    ]),
    contentType: 'application/json-patch+json',
  },
  patch('a label of a DNS pod', `${KUBE_SYSTEM}/${COREDNS}`, { metadata: { labels: { 'k8s-app': 'x' } } }),
  patch('the Corefile', '/api/v1/namespaces/kube-system/configmaps/coredns', { data: { Corefile: '' } }),
  // Nodes.
  deletion('a node deleted', '/api/v1/nodes/free', {}, 'dnshealth-accounts'),
  creation('a node', '/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata }),
  // Leases and events.
  creation('another Lease', '/apis/coordination.k8s.io/v1/namespaces/dnshealth-system/leases', {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata,
    spec: {},
  }),
  creation('a Lease of a node', '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases', {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'free' },
    spec: {},
  }),
  creation('an event of the kubelet', '/apis/events.k8s.io/v1/namespaces/default/events', {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata,
    eventTime: '2026-01-01T00:00:00.000000Z',
    reportingController: 'kubelet',
    reportingInstance: 'free',
    type: 'Normal',
    reason: 'Starting',
    action: 'Starting',
    regarding: { kind: 'Node', name: 'free', namespace: 'default' },
  }),
  creation('an event on a Secret', '/apis/events.k8s.io/v1/namespaces/default/events', {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata,
    eventTime: '2026-01-01T00:00:00.000000Z',
    reportingController: 'dnshealth.io/operator',
    reportingInstance: 'x',
    type: 'Normal',
    reason: 'X',
    action: 'X',
    regarding: { kind: 'Secret', name: 'x', namespace: 'default' },
  }),
];
