/** A cluster within the process whose every answer takes the same time: what the operator's own order of work costs. */
import { setTimeout as sleep } from 'node:timers/promises';
import { REQUEST_ENV } from '../../src/api/agent-protocol.ts';
import { API_VERSION, CHECK_NAMESPACE, DNS_NAMESPACE, NODE_NAMESPACE } from '../../src/api/keys.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { createCustomResource } from '../../src/kube/custom-resource.ts';
import { KubeError } from '../../src/kube/errors.ts';
import type { ListWatchOptions } from '../../src/kube/list-watch.ts';
import type { RawApi, RawRequest } from '../../src/kube/raw-api.ts';
import type { ListWatch, RawObject, WatchEvent } from '../../src/runtime/reflector/list-watch.ts';
import { aProofReport, aRepairReport } from '../support/objects/builders.ts';
import { aRawDnsPod, aRawNode, LOOP_LINE } from '../support/objects/raw-objects.ts';

const DNS_PODS = `/api/v1/namespaces/${DNS_NAMESPACE}/pods`;
const OUR_PODS = `/api/v1/namespaces/${NODE_NAMESPACE}/pods`;
const OUR_CHECKS = `/api/v1/namespaces/${CHECK_NAMESPACE}/pods`;
const OUR_JOBS = `/apis/batch/v1/namespaces/${NODE_NAMESPACE}/jobs`;
const NODES = '/api/v1/nodes';
const POLICIES = `/apis/${API_VERSION}/dnshealthpolicies`;
export const REMEDIATIONS = `/apis/${API_VERSION}/dnsremediations`;
const REPLICA_SET = 'replica-set-1';
/** How long a pod takes to run, and the agent to repair. */
const POD_START_MS = 500;
const AGENT_MS = 3_000;

// oxlint-disable-next-line typescript/no-explicit-any -- objects of any kind, as the API server has them
type Stored = any;

export interface CannedCluster {
  readonly kube: KubeClient;
  readonly kubernetesAddress: string;
  /** Requests so far, watches aside. */
  readonly requests: () => number;
  readonly remediations: () => readonly Stored[];
}

interface CannedOptions {
  readonly nodes: number;
  readonly answerMs: number;
  /** Where a DNS pod that was recreated answers. */
  readonly podIP: string;
}

/** All DNS pods of as many nodes have just died in a loop. */
export function cannedCluster({ nodes, answerMs, podIP }: CannedOptions): CannedCluster {
  const objects = new Map<string, Stored>();
  const listeners = new Map<string, Set<(event: WatchEvent<Stored>) => void>>();
  let version = 1;
  let requests = 0;

  const collectionOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));
  const say = (kind: 'added' | 'modified' | 'deleted', path: string, object: Stored): void => {
    const copy = structuredClone(object);
    for (const listener of listeners.get(collectionOf(path)) ?? []) listener({ kind, object: copy });
  };
  function put(path: string, object: Stored): Stored {
    version += 1;
    const kind = objects.has(path) ? 'modified' : 'added';
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
    objects.set(path, stored);
    say(kind, path, stored);
    return structuredClone(stored);
  }
  function remove(path: string): void {
    const object = objects.get(path);
    if (!objects.delete(path)) return;
    version += 1;
    say('deleted', path, { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } });
  }
  const stamp = (laterMs = 0) => new Date(Date.now() + laterMs).toISOString().replace(/\.\d+Z$/, 'Z');

  function dnsPod(node: string, name: string, status: object, container: object): void {
    put(
      `${DNS_PODS}/${name}`,
      aRawDnsPod({
        metadata: { name, uid: `uid-of-${name}`, creationTimestamp: stamp() },
        spec: { nodeName: node },
        status: { startTime: stamp(1_000), ...status },
        container: { containerID: `containerd://${name}`, ...container },
      }),
    );
  }

  /** The kubelet and the agent, on whatever node. */
  async function runPod(path: string, pod: Stored, afterMs: number, message: object): Promise<void> {
    const phase = (state: object) =>
      put(path, {
        ...pod,
        status: {
          phase: 'Running',
          containerStatuses: [{ name: 'agent', containerID: `containerd://${pod.metadata.name}`, state }],
        },
      });
    await sleep(POD_START_MS);
    phase({ running: {} });
    await sleep(afterMs);
    if (objects.has(path)) phase({ terminated: { exitCode: 0, message: JSON.stringify(message) } });
  }
  const requestOf = (spec: Stored) =>
    JSON.parse(
      [...(spec.initContainers ?? []), ...spec.containers][0].env.find(
        ({ name }: { name: string }) => name === REQUEST_ENV,
      ).value,
    );

  function created(path: string, body: Stored): Stored {
    const { name } = body.metadata;
    const at = `${path}/${name}`;
    if (objects.has(at)) throw failure(409, 'AlreadyExists');
    const metadata = { ...body.metadata, uid: `uid-of-${name}`, creationTimestamp: stamp() };
    const stored = put(at, { ...body, metadata });
    if (path === OUR_JOBS) {
      const pod = {
        metadata: {
          ...body.spec.template.metadata,
          name: `${name}-x7`,
          namespace: NODE_NAMESPACE,
          uid: `uid-of-${name}-x7`,
          creationTimestamp: stamp(),
          ownerReferences: [{ uid: metadata.uid, kind: 'Job', name }],
        },
      };
      const { nonce } = requestOf(body.spec.template.spec);
      const finished = new Date(Date.now() + POD_START_MS + AGENT_MS).toISOString();
      const times = {
        started: finished,
        decided: finished,
        written: finished,
        restarted: finished,
        finished,
      };
      void runPod(`${OUR_PODS}/${name}-x7`, pod, AGENT_MS, aRepairReport({ nonce, times }));
    }
    if (path === OUR_CHECKS)
      void runPod(at, stored, POD_START_MS, aProofReport({ nonce: requestOf(body.spec).nonce }));
    return stored;
  }

  /** The workload replaces a DNS pod at once, on the same node. */
  async function replaceDnsPod(name: string, node: string): Promise<void> {
    await sleep(POD_START_MS);
    remove(`${DNS_PODS}/${name}`);
    dnsPod(
      node,
      `${name}-new`,
      { podIP, podIPs: [{ ip: podIP }], conditions: [{ type: 'Ready', status: 'True' }] },
      { ready: true, state: { running: { startedAt: stamp() } } },
    );
  }

  function answer({ method, path, body }: RawRequest & { readonly body?: Stored }): Stored {
    const found = objects.get(path);
    switch (method) {
      case 'GET': {
        if (found) return structuredClone(found);
        const items = [...objects].flatMap(([at, object]) =>
          collectionOf(at) === path ? [structuredClone(object)] : [],
        );
        if (items.length > 0 || path.endsWith('s'))
          return { metadata: { resourceVersion: `${version}` }, items };
        throw failure(404, 'NotFound');
      }
      case 'POST':
        return created(path, body);
      case 'PUT': {
        const at = path.replace(/\/status$/, '');
        const now = objects.get(at);
        if (!now) throw failure(404, 'NotFound');
        if (now.metadata.resourceVersion !== body.metadata.resourceVersion) throw failure(409, 'Conflict');
        return put(at, { ...now, status: body.status });
      }
      case 'PATCH':
        if (!found) throw failure(404, 'NotFound');
        if (
          body.metadata?.resourceVersion &&
          body.metadata.resourceVersion !== found.metadata.resourceVersion
        )
          throw failure(409, 'Conflict');
        return put(path, merge(found, body));
      case 'DELETE':
        if (!found) throw failure(404, 'NotFound');
        if (collectionOf(path) === DNS_PODS) {
          put(path, { ...found, metadata: { ...found.metadata, deletionTimestamp: stamp() } });
          void replaceDnsPod(found.metadata.name, found.spec.nodeName);
        } else remove(path);
        return {};
      default:
        throw failure(405, 'MethodNotAllowed');
    }
  }

  const raw = {
    async request(request: RawRequest) {
      requests += 1;
      await sleep(answerMs);
      return answer(request);
    },
  } as RawApi;

  const kubernetesAddress = '10.96.0.1';
  const put0 = (path: string, object: object) => put(path, object);
  put0('/api/v1/namespaces/default/services/kubernetes', {
    metadata: { name: 'kubernetes' },
    spec: { clusterIP: kubernetesAddress, clusterIPs: [kubernetesAddress] },
  });
  put0(`/api/v1/namespaces/${DNS_NAMESPACE}/configmaps/coredns`, {
    metadata: { name: 'coredns' },
    data: { Corefile: '.:53 {\n errors\n forward . /etc/resolv.conf\n loop\n}\n' },
  });
  const apps = `/apis/apps/v1/namespaces/${DNS_NAMESPACE}`;
  put0(`${apps}/deployments/coredns`, { metadata: { name: 'coredns', uid: 'deployment-1' } });
  put0(`${apps}/replicasets/coredns-5d78`, {
    metadata: {
      name: 'coredns-5d78',
      uid: REPLICA_SET,
      ownerReferences: [{ kind: 'Deployment', name: 'coredns', uid: 'deployment-1', controller: true }],
    },
  });
  put0(`${POLICIES}/coredns`, {
    metadata: { name: 'coredns', uid: 'policy-1', creationTimestamp: stamp(), generation: 1 },
    // What is counted after the first repair is the repairs that follow, not the watch over the first.
    spec: { canary: { watchSeconds: 0 } },
  });
  const diedAt = stamp();
  for (let node = 1; node <= nodes; node += 1) {
    const name = `node-${node}`;
    put0(`${NODES}/${name}`, aRawNode({ metadata: { name, uid: `uid-of-${name}` } }));
    const terminated = { exitCode: 1, reason: 'Error', startedAt: diedAt, finishedAt: diedAt };
    const containerID = `containerd://coredns-${node}`;
    dnsPod(name, `coredns-${node}`, {}, { state: { terminated: { ...terminated, containerID } } });
  }

  function listWatch({ path }: ListWatchOptions): ListWatch<RawObject> {
    const listed = () =>
      [...objects].flatMap(([at, object]) => (collectionOf(at) === path ? [structuredClone(object)] : []));
    return {
      what: path.slice(path.lastIndexOf('/') + 1),
      async list() {
        await sleep(answerMs);
        return { items: listed(), resourceVersion: String(version) };
      },
      async *watch({ resourceVersion, signal, onOpen }) {
        const queue: WatchEvent<RawObject>[] = [];
        let wake = Promise.withResolvers<void>();
        const listener = (event: WatchEvent<Stored>) => {
          queue.push(event);
          wake.resolve();
        };
        const all = listeners.get(path) ?? new Set();
        listeners.set(path, all.add(listener));
        // What changed between the list and this watch.
        for (const object of listed())
          if (Number(object.metadata.resourceVersion) > Number(resourceVersion))
            queue.push({ kind: 'modified', object });
        signal.addEventListener('abort', () => wake.resolve());
        onOpen?.();
        try {
          while (!signal.aborted) {
            for (let event = queue.shift(); event; event = queue.shift()) yield event;
            await wake.promise;
            wake = Promise.withResolvers<void>();
          }
        } finally {
          all.delete(listener);
        }
      },
    };
  }

  const kube = {
    raw,
    customResource: (apiVersion: string, plural: string) => createCustomResource(raw, apiVersion, plural),
    async readLog() {
      requests += 1;
      await sleep(answerMs);
      const at = new Date(Date.parse(diedAt)).toISOString();
      return `${at} .:53\n${at} CoreDNS-1.11.3\n${at} ${LOOP_LINE}\n`;
    },
    listWatch,
    close: async () => {},
  } as unknown as KubeClient;
  return {
    kube,
    kubernetesAddress,
    requests: () => requests,
    remediations: () =>
      [...objects].flatMap(([at, object]) => (collectionOf(at) === REMEDIATIONS ? [object] : [])),
  };
}

/** JSON merge patch. */
function merge(target: Stored, patch: Stored): Stored {
  if (patch === null || typeof patch !== 'object' || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> = target && typeof target === 'object' ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merge(result[key], value);
  }
  return result;
}

const failure = (code: number, reason: string): KubeError =>
  new KubeError({ code, reason, verb: 'request', what: 'object', message: reason });
