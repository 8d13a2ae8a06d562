/** Changes of nodes that the operator would never make. Each node is set up so that only the change is wrong. */
import { MERGE, type Mutant } from './mutant.ts';

const RECORD = {
  version: 1,
  remediation: 'node-1-0123abcd',
  uid: 'r-1',
  strategy: 'Cordon',
  wasUnschedulable: false,
  since: '2026-01-01T00:00:00Z',
};
const record = (change: Partial<typeof RECORD> = {}): string => JSON.stringify({ ...RECORD, ...change });
const quarantine = (text: string | null) => ({ annotations: { 'dnshealth.io/quarantine': text } });
const FOREIGN_TAINT = { key: 'example.com/drain', effect: 'NoSchedule' };
const OUR_TAINT = { key: 'dnshealth.io/quarantine', effect: 'NoSchedule' };

/** As an administrator finds and leaves them. */
export const NODES = {
  free: {
    metadata: {
      labels: { 'example.com/rack': 'a', 'node-role.kubernetes.io/control-plane': '' },
      annotations: { 'example.com/note': 'keep' },
    },
    spec: { taints: [FOREIGN_TAINT] },
  },
  cordoned: { metadata: {}, spec: { unschedulable: true } },
  excluded: { metadata: { labels: { 'dnshealth.io/exclude': 'true' } }, spec: {} },
  /** Cordoned by the operator itself, see `HELD`. */
  held: { metadata: {}, spec: {} },
  /** The same, and then by a person with server-side apply as well. */
  shared: { metadata: {}, spec: {} },
} as const;

/** The quarantine that the operator itself makes on `held` and `shared`. */
export const HELD = { metadata: quarantine(record()), spec: { unschedulable: true } };

const change = (node: keyof typeof NODES, what: string, body: object): Mutant => ({
  what,
  method: 'PATCH',
  path: `/api/v1/nodes/${node}`,
  body,
  contentType: MERGE,
  deniedBy: 'dnshealth-nodes',
});
const status = (what: string, body: object): Mutant => ({
  ...change('free', what, { status: body }),
  path: '/api/v1/nodes/free/status',
});

export const NODE_MUTANTS: readonly Mutant[] = [
  change('free', 'a label of a node', { metadata: { labels: { 'example.com/x': 'y' } } }),
  change('free', 'a changed label of a node', { metadata: { labels: { 'example.com/rack': 'b' } } }),
  change('free', 'a removed label of a node', { metadata: { labels: { 'example.com/rack': null } } }),
  change('free', 'the label of control-plane nodes removed', {
    metadata: { labels: { 'node-role.kubernetes.io/control-plane': null } },
  }),
  change('free', 'the label that takes a node out of load balancers', {
    metadata: { labels: { 'node.kubernetes.io/exclude-from-external-load-balancers': '' } },
  }),
  change('free', 'an annotation of a node', { metadata: { annotations: { 'example.com/x': 'y' } } }),
  change('free', 'a changed annotation of a node', {
    metadata: { annotations: { 'example.com/note': 'x' } },
  }),
  change('free', 'a removed annotation of a node', {
    metadata: { annotations: { 'example.com/note': null } },
  }),
  change('free', 'a finalizer of a node', { metadata: { finalizers: ['example.com/x'] } }),
  change('free', 'an owner of a node', {
    metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'x', uid: 'x' }] },
  }),
  change('free', 'the provider of a node', { spec: { providerID: 'x://y' } }),
  change('free', 'the pod network of a node', {
    spec: { podCIDR: '10.9.0.0/24', podCIDRs: ['10.9.0.0/24'] },
  }),
  change('free', 'a foreign taint', { spec: { taints: [FOREIGN_TAINT, { key: 'x', effect: 'NoExecute' }] } }),
  change('free', 'a foreign taint removed', { spec: { taints: [] } }),
  change('free', 'a foreign taint replaced by ours', { spec: { taints: [OUR_TAINT] } }),
  change('free', 'our taint with the effect NoExecute', {
    spec: { taints: [FOREIGN_TAINT, { ...OUR_TAINT, effect: 'NoExecute' }] },
  }),
  change('free', 'our taint with a value', {
    spec: { taints: [FOREIGN_TAINT, { ...OUR_TAINT, value: 'x' }] },
  }),
  change('free', 'our taint twice', {
    spec: { taints: [FOREIGN_TAINT, OUR_TAINT, { ...OUR_TAINT, effect: 'PreferNoSchedule' }] },
  }),
  change('free', 'a cordon without a record', { spec: { unschedulable: true } }),
  change('free', 'a cordon with the record of a taint', {
    metadata: quarantine(record({ strategy: 'Taint' })),
    spec: { unschedulable: true },
  }),
  change('free', 'a record that says the node was cordoned before', {
    metadata: quarantine(record({ wasUnschedulable: true })),
    spec: { unschedulable: true },
  }),
  change('free', 'a record that says nothing', { metadata: quarantine('{}'), spec: { unschedulable: true } }),
  change('free', 'an exclusion without a reason', {
    metadata: { labels: { 'dnshealth.io/exclude': 'true' } },
  }),
  change('free', 'an exclusion that excludes nothing', {
    metadata: {
      labels: { 'dnshealth.io/exclude': 'false' },
      annotations: { 'dnshealth.io/exclude-reason': 'x' },
    },
  }),
  change('free', 'the reason of an exclusion alone', {
    metadata: { annotations: { 'dnshealth.io/exclude-reason': 'x' } },
  }),
  change('cordoned', 'the cordon of a person removed', { spec: { unschedulable: null } }),
  change('cordoned', 'the cordon of a person claimed by a record', { metadata: quarantine(record()) }),
  change('excluded', 'the exclusion of a person removed', {
    metadata: { labels: { 'dnshealth.io/exclude': null } },
  }),
  change('excluded', 'the exclusion of a person made void', {
    metadata: { labels: { 'dnshealth.io/exclude': 'no' } },
  }),
  change('excluded', 'the exclusion of a person claimed by a reason', {
    metadata: { annotations: { 'dnshealth.io/exclude-reason': 'x' } },
  }),
  change('held', 'a record replaced by another one', {
    metadata: quarantine(record({ remediation: 'another' })),
  }),
  change('held', 'a cordon removed, and its record left', { spec: { unschedulable: null } }),
  change('shared', 'a cordon removed that a person has made as well', {
    metadata: quarantine(null),
    spec: { unschedulable: null },
  }),
  status('the condition Ready of a node', {
    conditions: [{ type: 'Ready', status: 'False', reason: 'x', message: 'x' }],
  }),
  status('all conditions of a node removed', { conditions: null }),
  status('one more condition of a node', {
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'DiskPressure', status: 'True' },
    ],
  }),
  status('the capacity of a node', { capacity: { cpu: '1000' } }),
  status('what can be allocated on a node', { allocatable: { pods: '0' } }),
  status('the addresses of a node', { addresses: [{ type: 'InternalIP', address: '192.0.2.1' }] }),
  status('the kubelet port of a node', { daemonEndpoints: { kubeletEndpoint: { Port: 1 } } }),
  status('the images of a node', { images: [{ names: ['x'] }] }),
  {
    ...status('a label of a node by its status', {}),
    body: { metadata: { labels: { 'example.com/x': 'y' } } },
  },
  {
    ...status('an annotation of a node by its status', {}),
    body: { metadata: { annotations: { 'example.com/note': 'x' } } },
  },
];
