/** A cluster of canned answers with one DNS pod, whose container has just died in a loop, under the sighting controller. */
import type { Phase } from '../../../src/api/remediation.ts';
import { createClusterDns } from '../../../src/controller/dns-pods/cluster-dns.ts';
import { createSightingReconciler } from '../../../src/controller/sighting/sighting-controller.ts';
import { createSightings } from '../../../src/controller/sighting/sightings.ts';
import type { Stores } from '../../../src/controller/stores.ts';
import { parsePolicy, parseRemediation } from '../../../src/observe/custom-resources.ts';
import { type DnsPod, parseDnsPod } from '../../../src/observe/dns-pod.ts';
import type { WatchedNode } from '../../../src/observe/watched-node.ts';
import { silentLogger } from '../../../src/runtime/logger.ts';
import type { Listener, Store } from '../../../src/runtime/reflector/store.ts';
import { aRemediation, aSighting, at } from './builders.ts';
import { fakeKube } from './fake-kube.ts';
import { aDeath, aRawDnsPod, aRawNode, LOOP_LINE, loggedAt, running, stampAt } from './raw-objects.ts';

const KEY = 'kube-system/coredns-sick';
export const NODE = '/api/v1/nodes/node-1';
const COREFILE = '.:53 {\n errors\n forward . /etc/resolv.conf\n loop\n}\n';
export const LOG = loggedAt(0, `.:53\nCoreDNS-1.11.3\n${LOOP_LINE}\n`);
const signal = new AbortController().signal;

/** A store of what a test puts there. */
export const storeOf = <T>(map: Map<string, T>): Store<T> => ({
  get: (key) => map.get(key),
  list: () => [...map.values()],
  keys: () => [...map.keys()],
  malformedKeys: () => [],
  onChange: () => () => {},
});

export const aPolicy = (spec: object = {}) =>
  parsePolicy({
    metadata: { name: 'coredns', uid: 'policy-1', resourceVersion: '1', creationTimestamp: stampAt(-60) },
    spec,
  });
/** An incident of another pod of the node. */
export function anIncident(phase: Phase, status: object = {}) {
  const { spec } = aRemediation();
  const sighting = aSighting({ pod: { name: 'coredns-other', uid: 'pod-other' } });
  return parseRemediation({
    metadata: { name: 'node-1-other', uid: 'r-1', resourceVersion: '1', creationTimestamp: stampAt(-5) },
    spec: { ...spec, sighting },
    status: { phase, ...status },
  });
}

export function sightingCluster() {
  const pods = new Map([[KEY, parseDnsPod(aRawDnsPod())]]);
  const policies = new Map([['coredns', aPolicy()]]);
  const remediations = new Map<string, ReturnType<typeof anIncident>>();
  const fake = fakeKube({
    [NODE]: aRawNode(),
    '/api/v1/namespaces/kube-system/services': { items: [{ spec: { clusterIPs: ['10.96.0.10'] } }] },
    '/api/v1/namespaces/kube-system/configmaps/coredns': { data: { Corefile: COREFILE } },
  });
  fake.log = () => LOG;
  const nodes = new Map<string, WatchedNode>();
  const announced: string[] = [];
  const counted: string[] = [];
  const listeners: Listener<DnsPod>[] = [];
  const dnsPods: Store<DnsPod> = {
    ...storeOf(pods),
    onChange: (listener) => {
      listeners.push(listener);
      return () => {};
    },
  };
  const stores = {
    dnsPods,
    policies: storeOf(policies),
    remediations: storeOf(remediations),
    nodes: storeOf(nodes),
  } as unknown as Stores;
  const sightings = createSightings();
  let seconds = 2;
  const reconcile = createSightingReconciler({
    kube: fake.kube,
    stores,
    ownership: {
      owns: async ({ kind }, { controller }) => controller?.kind !== 'DaemonSet' || kind === 'DaemonSet',
    },
    starts: { of: () => null },
    clusterDns: createClusterDns(fake.kube, () => at(seconds)),
    settings: { agentImage: 'registry.example.com/dnshealth-operator:0.1.0' },
    sightings,
    narrator: {
      recordTransition: () => {},
      policyTransition: () => {},
      announce: ({ reason }) => void announced.push(reason),
    },
    metrics: { sighted: (cause) => void counted.push(cause), follow: () => {} },
    logger: silentLogger,
    now: () => at(seconds),
  });
  return {
    fake,
    pods,
    policies,
    nodes,
    remediations,
    announced,
    counted,
    sightings,
    look: async () => reconcile(KEY, signal),
    wait: (more: number) => void (seconds += more),
    /** What the store holds from now on, as after a list. */
    become: (container: object) => void pods.set(KEY, parseDnsPod(aRawDnsPod({ container }))),
    /** As after a watch event. */
    change: (container: object) => {
      const old = pods.get(KEY);
      const object = parseDnsPod(aRawDnsPod({ container }));
      pods.set(KEY, object);
      if (old) for (const listener of listeners) listener({ kind: 'modified', key: KEY, object, old });
    },
  };
}

/** A container that runs again after the death. */
export const restarted = {
  state: running(2),
  lastState: aDeath(),
  restartCount: 1,
  containerID: 'containerd://second',
};
