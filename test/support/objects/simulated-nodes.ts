/** Nodes with their kubelets, and the part of an API server that checks of nodes need: in memory, on a clock of its own. */
import { type CheckOrigin, parseCheckOrigin } from '../../../src/api/check-origin.ts';
import {
  CHECK_ANNOTATION,
  CHECK_BATCH_LABEL,
  CHECK_NAMESPACE,
  CHECK_ORIGIN_ANNOTATION,
} from '../../../src/api/keys.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import type { RawRequest } from '../../../src/kube/raw-api.ts';
import { at } from './builders.ts';
import { endOf, type Fate, PROVEN } from './check-fates.ts';
import { kubeError } from './fake-kube.ts';
import { aRawNode } from './raw-objects.ts';

interface RawMeta {
  readonly name: string;
  readonly uid: string;
  resourceVersion: string;
  readonly creationTimestamp?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
}
export interface RawNode {
  readonly metadata: RawMeta & { annotations: Record<string, string> };
  ready: boolean;
  bootID: string;
}
export interface RawPod {
  readonly metadata: RawMeta;
  readonly spec: { readonly nodeName: string };
  readonly status: object;
}

/** What a watch brings, with the resource that it is of. */
export type Seen =
  | { readonly of: 'nodes'; readonly kind: 'put' | 'remove'; readonly object: object }
  | { readonly of: 'agentPods'; readonly kind: 'put' | 'remove'; readonly object: object }
  | { readonly of: 'kubeletStarts'; readonly kind: 'put'; readonly object: object };

/** A check that was started, as the cluster itself knows it. */
export interface StartedCheck {
  readonly node: string;
  readonly nodeUID: string;
  readonly podUID: string;
  readonly origin: CheckOrigin;
  readonly at: number;
  /** When its pod ended or was deleted. */
  endedAt: number | null;
  sawLoopingFile: boolean;
  /** When someone deleted its pod, so that it left nothing. */
  deletedAt: number | null;
}

const PODS = `/api/v1/namespaces/${CHECK_NAMESPACE}/pods`;
const seconds = (ms: number): string => new Date(ms - (ms % 1000)).toISOString();

export class SimulatedNodes {
  now = at(0);
  /** Requests by method and path, without names. */
  readonly requests: { readonly method: string; readonly path: string; readonly at: number }[] = [];
  readonly started: StartedCheck[] = [];
  /** Texts of the annotation, as they were written. */
  readonly written: { readonly node: string; readonly uid: string; readonly text: string }[] = [];
  /** Of the next check of a node. */
  fate: (node: string) => Fate = () => PROVEN;
  isDown = false;
  readonly #nodes = new Map<string, RawNode>();
  readonly #pods = new Map<string, RawPod>();
  readonly #garbled = new Set<string>();
  readonly #watchers = new Set<(seen: Seen) => void>();
  #coming: { readonly at: number; readonly happen: () => void }[] = [];
  #version = 100;

  readonly kube = {
    raw: { request: async (request: RawRequest) => this.#answer(request) },
  } as unknown as KubeClient;

  // --- what happens to nodes ---

  join(name: string, { ready = true } = {}): void {
    const metadata = { name, uid: `${name}-${this.#version}`, resourceVersion: '', annotations: {} };
    this.#putNode({ metadata, ready, bootID: `boot-${this.#version}` });
  }
  leave(name: string): void {
    const node = this.#node(name);
    this.#nodes.delete(name);
    this.#tell({ of: 'nodes', kind: 'remove', object: this.#wholeNode(node) });
    for (const pod of this.#pods.values()) if (pod.spec.nodeName === name) this.#removePod(pod);
  }
  setReady(name: string, ready: boolean): void {
    const node = this.#node(name);
    node.ready = ready;
    this.#putNode(node);
  }
  restartKubelet(name: string): void {
    const event = {
      metadata: {
        name: `${name}.${this.#version}`,
        namespace: 'default',
        creationTimestamp: seconds(this.now),
      },
      involvedObject: { kind: 'Node', name },
      reason: 'Starting',
      message: 'Starting kubelet.',
    };
    this.#version += 1;
    this.#tell({ of: 'kubeletStarts', kind: 'put', object: event });
  }
  reboot(name: string): void {
    const node = this.#node(name);
    node.bootID = `boot-${this.#version}`;
    this.#putNode(node);
    this.restartKubelet(name);
  }
  /** `kubectl annotate node NAME dnshealth.io/resolver-check-` */
  clearRecord(name: string): void {
    const node = this.#node(name);
    Reflect.deleteProperty(node.metadata.annotations, CHECK_ANNOTATION);
    this.#putNode(node);
  }

  /** Its status is none that a kubelet writes. */
  garble(name: string): void {
    this.#garbled.add(name);
    this.#putNode(this.#node(name));
  }

  get names(): readonly string[] {
    return [...this.#nodes.keys()];
  }
  record(name: string): string | undefined {
    return this.#node(name).metadata.annotations[CHECK_ANNOTATION];
  }
  get pods(): readonly RawPod[] {
    return [...this.#pods.values()];
  }

  // --- time and watches ---

  /** When something happens next; null if nothing is to come. */
  nextAt(): number | null {
    return this.#coming.length === 0 ? null : Math.min(...this.#coming.map((one) => one.at));
  }
  after(ms: number, happen: () => void): void {
    this.#coming.push({ at: this.now + ms, happen });
  }
  /** Everything that is due by now. */
  happen(): void {
    const due = this.#coming.filter((one) => one.at <= this.now).toSorted((a, b) => a.at - b.at);
    this.#coming = this.#coming.filter((one) => one.at > this.now);
    for (const { happen } of due) happen();
  }
  list(): readonly Seen[] {
    return [
      ...[...this.#nodes.values()].map((node) => this.#seenNode(node)),
      ...[...this.#pods.values()].map(
        (object) => ({ of: 'agentPods', kind: 'put', object: { ...object } }) as const,
      ),
    ];
  }
  watch(watcher: (seen: Seen) => void): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  // --- the API server ---

  #answer({ method, path, body, query }: RawRequest): object {
    this.requests.push({ method, path, at: this.now });
    if (this.isDown) throw kubeError(503, 'ServiceUnavailable');
    if (path === '/api/v1/nodes')
      return { metadata: {}, items: [...this.#nodes.values()].map((node) => this.#wholeNode(node)) };
    if (path.endsWith('/services')) return { items: [{ spec: { clusterIPs: ['10.96.0.10'] } }] };
    if (path === PODS && method === 'POST') return this.#createPod(body as RawPod);
    if (path === PODS && method === 'DELETE') {
      const batch = `${query?.['labelSelector'] ?? ''}`.split('=')[1];
      for (const pod of this.pods)
        if (pod.metadata.labels?.[CHECK_BATCH_LABEL] === batch) this.#removePod(pod);
      return {};
    }
    if (path.startsWith(PODS) && method === 'DELETE') {
      const pod = this.#pods.get(path.slice(PODS.length + 1));
      if (!pod) throw kubeError(404, 'NotFound');
      this.#removePod(pod);
      return {};
    }
    const [name = '', sub] = path.slice('/api/v1/nodes/'.length).split('/');
    const node = this.#nodes.get(name);
    if (!path.startsWith('/api/v1/nodes/') || !node) throw kubeError(404, 'NotFound');
    if (method === 'PATCH' && sub === 'status') this.#patch(node, body as { metadata: RawMeta });
    return this.#wholeNode(node);
  }

  #patch(node: RawNode, { metadata }: { metadata: RawMeta }): void {
    if (metadata.uid !== node.metadata.uid) throw kubeError(409, 'Conflict');
    const text = metadata.annotations?.[CHECK_ANNOTATION] ?? '';
    this.written.push({ node: node.metadata.name, uid: node.metadata.uid, text });
    node.metadata.annotations[CHECK_ANNOTATION] = text;
    this.#putNode(node);
  }

  #createPod({ metadata, spec }: RawPod): object {
    const { name } = metadata;
    if (this.#pods.has(name)) throw kubeError(409, 'AlreadyExists');
    const origin = parseCheckOrigin(metadata.annotations?.[CHECK_ORIGIN_ANNOTATION] ?? '');
    if (!origin) throw new Error('the pod does not say what it is about');
    const pod: RawPod = {
      metadata: {
        ...metadata,
        uid: `pod-${this.#version}`,
        creationTimestamp: seconds(this.now),
      },
      spec,
      status: { phase: 'Pending' },
    };
    const { nodeName: node } = spec;
    const check: StartedCheck = {
      node,
      nodeUID: origin.node,
      podUID: pod.metadata.uid,
      origin,
      at: this.now,
      endedAt: null,
      sawLoopingFile: false,
      deletedAt: null,
    };
    this.started.push(check);
    this.#putPod(pod);
    this.#foresee(pod, check, this.fate(node));
    return pod;
  }

  #foresee(pod: RawPod, check: StartedCheck, fate: Fate): void {
    const end = endOf(fate, check.origin.nonce);
    if (end.kind === 'never') return;
    check.sawLoopingFile = fate.kind === 'reports' && fate.outcome === 'looping';
    this.after(end.afterMs, () => {
      if (this.#pods.get(pod.metadata.name)?.metadata.uid !== pod.metadata.uid) return;
      check.endedAt = this.now;
      if (end.kind === 'deleted') {
        check.deletedAt = this.now;
        this.#removePod(pod);
      } else this.#putPod({ ...pod, status: end.status });
    });
  }

  #putPod(pod: RawPod): void {
    this.#version += 1;
    pod.metadata.resourceVersion = `${this.#version}`;
    this.#pods.set(pod.metadata.name, pod);
    this.#tell({ of: 'agentPods', kind: 'put', object: { ...pod, metadata: { ...pod.metadata } } });
  }
  #removePod(pod: RawPod): void {
    const last = this.#pods.get(pod.metadata.name);
    if (last?.metadata.uid !== pod.metadata.uid) return;
    this.#pods.delete(pod.metadata.name);
    const check = this.started.find(({ podUID }) => podUID === pod.metadata.uid);
    if (check) check.endedAt ??= this.now;
    this.#tell({ of: 'agentPods', kind: 'remove', object: last });
  }

  #node(name: string): RawNode {
    const node = this.#nodes.get(name);
    if (!node) throw new Error(`there is no node ${name}`);
    return node;
  }
  #putNode(node: RawNode): void {
    this.#version += 1;
    node.metadata.resourceVersion = `${this.#version}`;
    this.#nodes.set(node.metadata.name, node);
    this.#tell(this.#seenNode(node));
  }
  #seenNode = (node: RawNode): Seen => ({ of: 'nodes', kind: 'put', object: this.#wholeNode(node) });
  #wholeNode({ metadata, ready, bootID }: RawNode): object {
    const whole = aRawNode({
      metadata: {
        ...metadata,
        annotations: { ...metadata.annotations },
        creationTimestamp: seconds(at(0)),
      },
    });
    const { status } = whole;
    if (this.#garbled.has(metadata.name)) return { ...whole, status: {} };
    const conditions = [{ type: 'Ready', status: ready ? 'True' : 'False' }];
    return { ...whole, status: { ...status, conditions, nodeInfo: { ...status.nodeInfo, bootID } } };
  }
  #tell(seen: Seen): void {
    for (const watcher of this.#watchers) watcher(seen);
  }
}
