/** A leader that checks simulated nodes: the real controllers and their table, on the simulated clock. */
import { controllerTable } from '../../../src/controller/controllers.ts';
import { createClusterDns } from '../../../src/controller/dns-pods/cluster-dns.ts';
import { createBatches } from '../../../src/controller/nodes/batches.ts';
import { createCheckPods } from '../../../src/controller/nodes/check-pods.ts';
import { createKnownNodes } from '../../../src/controller/nodes/known-nodes.ts';
import { createKubeletStarts } from '../../../src/controller/nodes/kubelet-starts.ts';
import { createLookReconciler } from '../../../src/controller/nodes/look-controller.ts';
import { createNodeMetrics } from '../../../src/controller/nodes/node-metrics.ts';
import { createNodeRecords } from '../../../src/controller/nodes/node-records.ts';
import { createSchedule } from '../../../src/controller/nodes/schedule.ts';
import { createNodeStateReconciler } from '../../../src/controller/nodes/state-controller.ts';
import { createTurnReconciler } from '../../../src/controller/nodes/turn-controller.ts';
import { createWanted, type Wanted } from '../../../src/controller/nodes/wanted.ts';
import { createNodeTable } from '../../../src/controller/policy/node-table.ts';
import { createLateLoops } from '../../../src/controller/prober/late-loops.ts';
import { createProbes } from '../../../src/controller/prober/probes.ts';
import { createSightings } from '../../../src/controller/sighting/sightings.ts';
import { parseAgentPod } from '../../../src/observe/agent-run.ts';
import { type Policy, parsePolicy } from '../../../src/observe/custom-resources.ts';
import type { DnsPod } from '../../../src/observe/dns-pod.ts';
import { parseKubeletStart } from '../../../src/observe/kubelet-start.ts';
import type { Reflectors } from '../../../src/observe/reflectors.ts';
import { parseWatchedNode } from '../../../src/observe/watched-node.ts';
import type { EventIntent } from '../../../src/remediation/record/events.ts';
import type { Remediation } from '../../../src/remediation/world.ts';
import type { Controller } from '../../../src/runtime/controller.ts';
import { silentLogger } from '../../../src/runtime/logger.ts';
import { createMetrics } from '../../../src/runtime/metrics.ts';
import type { RawObject } from '../../../src/runtime/reflector/list-watch.ts';
import { createStore } from '../../../src/runtime/reflector/store.ts';
import { stampAt } from './raw-objects.ts';
import type { Seen, SimulatedNodes } from './simulated-nodes.ts';

/** Of controllers whose work is not part of the simulation. */
const idle = async () => ({ kind: 'done' as const });
const RETRY_MS = 500;

export interface ReplicaOptions {
  /** How far its clock is ahead of the API server's. @default 0 */
  readonly skewMs?: number;
  /** How long the watches take to bring a change of a node and of a pod. @default 0 */
  readonly nodeLagMs?: number;
  readonly podLagMs?: number;
  /** The spec of the only policy; null: there is none. @default {} */
  readonly policy?: object | null;
}

export class CheckReplica {
  readonly wanted: Wanted = createWanted();
  readonly announced: EventIntent[] = [];
  readonly errors: unknown[] = [];
  readonly #cluster: SimulatedNodes;
  readonly #stores;
  readonly #lagMs: Readonly<Record<Seen['of'], number>>;
  readonly #controllers: readonly Controller[];
  readonly #stop: (() => void)[] = [];
  /** By controller and key: when it is to be reconciled, on the clock of the cluster. */
  readonly #queue = new Map<string, { controller: Controller; key: string; at: number }>();
  #leads = true;

  constructor(
    cluster: SimulatedNodes,
    { skewMs = 0, nodeLagMs = 0, podLagMs = 0, policy = {} }: ReplicaOptions = {},
  ) {
    const now = (): number => cluster.now + skewMs;
    this.#cluster = cluster;
    this.#lagMs = { nodes: nodeLagMs, agentPods: podLagMs, kubeletStarts: 0 };
    const storeOf = <T>(transform: (raw: RawObject) => T | null) =>
      createStore<RawObject, T>({
        transform,
        onMalformed: (_key, error) => void this.errors.push(error),
        onListenerError: (error) => void this.errors.push(error),
      });
    const stores = {
      policies: storeOf<Policy>(parsePolicy),
      remediations: storeOf<Remediation>((raw) => raw as unknown as Remediation),
      dnsPods: storeOf<DnsPod>((raw) => raw as unknown as DnsPod),
      jobs: storeOf<never>(() => null),
      nodeMarks: storeOf<never>(() => null),
      ownNamespace: storeOf<never>(() => null),
      agentPods: storeOf(parseAgentPod),
      nodes: storeOf(parseWatchedNode),
      kubeletStarts: storeOf(parseKubeletStart),
    };
    this.#stores = stores;
    const known = createKnownNodes(stores.nodes);
    const starts = createKubeletStarts(stores.kubeletStarts, stores.nodes);
    const records = createNodeRecords(stores.nodes);
    const { wanted } = this;
    const schedule = createSchedule({ stores, known, starts, records, wanted, now });
    const parts = {
      kube: cluster.kube,
      clusterDns: createClusterDns(cluster.kube, now),
      stores,
      settings: { agentImage: 'agent:1' },
      known,
      starts,
      records,
      schedule,
      checkPods: createCheckPods(stores.agentPods, now),
      batches: createBatches(now),
      nodeMetrics: createNodeMetrics(createMetrics()),
      narrator: { announce: (intent: EventIntent) => void this.announced.push(intent) },
      logger: silentLogger,
      now,
    };
    this.setPolicy(policy);
    for (const seen of cluster.list()) this.#apply(seen);
    this.#stop.push(cluster.watch((seen) => this.#receive(seen)));
    const found = { probes: createProbes(), lateLoops: createLateLoops(), sightings: createSightings() };
    this.#controllers = controllerTable(
      stores as unknown as Reflectors,
      {
        ...found,
        nodeTable: createNodeTable(stores.nodes, stores.policies),
        known,
        schedule,
        eligible: () => 1,
      },
      {
        sighting: idle,
        remediation: idle,
        policy: idle,
        nodeTable: idle,
        prober: idle,
        lateLoop: idle,
        rollback: idle,
        orphan: idle,
        excludeLabel: idle,
        history: idle,
        inspection: idle,
        drift: idle,
        planRequest: idle,
        nodeLook: createLookReconciler(parts),
        nodeTurn: createTurnReconciler(parts),
        nodeState: createNodeStateReconciler(parts),
      },
    ).filter(({ name }) => name.startsWith('node-'));
    for (const controller of this.#controllers)
      for (const row of controller.watches)
        this.#stop.push(row.follow((key) => this.#enqueue(controller, key, cluster.now)));
  }

  setPolicy(spec: object | null): void {
    const { policies } = this.#stores;
    for (const { name } of policies.list()) policies.remove({ metadata: { name } });
    if (spec === null) return;
    const metadata = { name: 'coredns', uid: 'policy-1', generation: 1, creationTimestamp: stampAt(-60) };
    policies.put({ metadata, spec } as RawObject);
  }
  /** It is not the leader any more. */
  stop(): void {
    this.#leads = false;
    for (const stop of this.#stop) stop();
    this.#queue.clear();
  }

  /** Time passes, in the order in which things are due. */
  async pass(ms: number): Promise<void> {
    const until = this.#cluster.now + ms;
    for (;;) {
      await this.#settle();
      const next = Math.min(
        this.#cluster.nextAt() ?? Number.POSITIVE_INFINITY,
        ...[...this.#queue.values()].map(({ at }) => at),
      );
      if (next > until) break;
      this.#cluster.now = Math.max(next, this.#cluster.now);
      this.#cluster.happen();
    }
    this.#cluster.now = until;
  }

  async #settle(): Promise<void> {
    for (;;) {
      const entry = [...this.#queue].find(([, { at }]) => at <= this.#cluster.now);
      if (!entry) return;
      const [id, { controller, key }] = entry;
      this.#queue.delete(id);
      try {
        const result = await controller.reconcile(key, new AbortController().signal);
        if (result.kind === 'requeue')
          this.#enqueue(controller, key, this.#cluster.now + Math.max(1, result.afterMs));
      } catch (error) {
        this.errors.push(error);
        this.#enqueue(controller, key, this.#cluster.now + RETRY_MS);
      }
    }
  }

  #enqueue(controller: Controller, key: string, at: number): void {
    if (!this.#leads) return;
    const id = `${controller.name} ${key}`;
    const known = this.#queue.get(id);
    if (!known || at < known.at) this.#queue.set(id, { controller, key, at });
  }

  #receive(seen: Seen): void {
    const lagMs = this.#lagMs[seen.of];
    if (lagMs === 0) this.#apply(seen);
    else this.#cluster.after(lagMs, () => this.#apply(seen));
  }
  #apply({ of, kind, object }: Seen): void {
    if (this.#leads) this.#stores[of][kind](object as RawObject);
  }
}
