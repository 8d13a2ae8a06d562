/** A rig: a running two-node cluster, and everything a test may do to it. */
import { join } from 'node:path';
import { type AddressPlan, addressPlan, type NodePlan } from './address-plan.ts';
import { type ApiClient, apiClient, type Pod } from './api-client.ts';
import { buildArtifacts } from './build/artifacts.ts';
import { componentProcess, inNetns, signalComponent } from './control-plane/component-process.ts';
import { COMPONENTS, type Component } from './control-plane/components.ts';
import { raiseLimits } from './machine-limits.ts';
import { machineRoutes, usesNetwork } from './network/network.ts';
import { KUBELET_CONFIG, resolvConfOf, withResolvConf } from './node/kubelet-files.ts';
import { bootNode, execInNode, haltNode, importImages, type NodeContext } from './node/rig-node.ts';
import { ensureMachine } from './preflight.ts';
import type { Progress } from './progress.ts';
import { apiserverReady, dnsPods, dnsReady, nodesReady } from './readiness.ts';
import { type RigPaths, rigPaths } from './rig-paths.ts';
import { kubectlCommand, type RigParts, startRig, startRigComponent } from './rig-start.ts';
import { claimSlot, readRecord, writeRecord } from './rig-state.ts';
import { type RunOptions, type RunResult, run, withCgroup } from './run.ts';
import { hostCgroup } from './teardown/cgroups.ts';
import { tearDown } from './teardown/down.ts';

export interface UpOptions {
  /** @default 'dnshealth' */
  readonly name?: string;
  /** @default 2 */
  readonly nodeCount?: number;
  readonly onProgress?: Progress;
}

export const DEFAULT_NAME = 'dnshealth';

export class Rig {
  readonly name: string;
  readonly paths: RigPaths;
  readonly plan: AddressPlan;
  /** For kubectl and client libraries on this machine; administrator. */
  readonly kubeconfigPath: string;
  /** The Service address of kube-dns; reachable from this machine like every pod and node address. */
  readonly clusterDns: string;
  readonly nodes: readonly NodePlan[];
  readonly api: ApiClient;
  readonly #parts: RigParts;

  private constructor(parts: RigParts) {
    const { paths, plan } = parts;
    this.name = paths.name;
    this.paths = paths;
    this.plan = plan;
    this.kubeconfigPath = paths.kubeconfig;
    this.clusterDns = plan.clusterDns;
    this.nodes = plan.nodes;
    this.api = apiClient(paths, plan);
    this.#parts = parts;
  }

  /** The running rig of that name; throws when there is none. */
  static open(name: string = DEFAULT_NAME): Rig {
    const paths = rigPaths(name);
    const record = readRecord(paths);
    if (record?.phase !== 'up') throw new Error(`no rig named ${name} is up`);
    return new Rig({ paths, plan: addressPlan(record.slot, record.nodeCount), artifacts: record.artifacts });
  }

  /**
   * Starts a rig, and builds first what was never built on this machine. Comes back when all nodes are Ready and
   * each has a Ready CoreDNS pod. A rig of that name that already runs is given back as it is; one whose start
   * was interrupted is taken down first. When it fails, what it had started is left for a look; `down` removes it.
   */
  static async up(options: UpOptions = {}): Promise<Rig> {
    const name = options.name ?? DEFAULT_NAME;
    const say = options.onProgress ?? (() => undefined);
    const paths = rigPaths(name);
    // After a restart of the machine the record is still there, and nothing of the rig.
    const runs = COMPONENTS.some((component) => componentProcess(paths, component) !== undefined);
    if (runs && readRecord(paths)?.phase === 'up') return Rig.open(name);
    await ensureMachine(paths, say);
    await tearDown(paths);
    const procs = join(hostCgroup(paths.cgroup), 'cgroup.procs');
    return withCgroup(procs, () => Rig.#start(paths, options.nodeCount ?? 2, say));
  }

  static async #start(paths: RigPaths, nodeCount: number, say: Progress): Promise<Rig> {
    const artifacts = await buildArtifacts(say);
    const routes = await machineRoutes();
    const { name } = paths;
    const slot = claimSlot(name, (candidate) => !usesNetwork(routes, addressPlan(candidate).network));
    raiseLimits(say);
    const plan = addressPlan(slot, nodeCount);
    const record = { name, slot, nodeCount, createdAt: new Date().toISOString(), artifacts };
    writeRecord(paths, { ...record, phase: 'starting' });
    const begin = performance.now();
    const seconds = () => ((performance.now() - begin) / 1000).toFixed(1).padStart(5);
    await startRig({ paths, plan, artifacts }, (line) => say(`${seconds()} s  ${line}`));
    writeRecord(paths, { ...record, phase: 'up' });
    return new Rig({ paths, plan, artifacts });
  }

  /** Takes the rig away; nothing of it stays. See `teardown/down.ts`. */
  async down(): Promise<void> {
    this.api.close();
    await tearDown(this.paths);
  }

  // --- the cluster

  /** Runs the rig's kubectl as administrator; throws on failure unless `allowFailure`. */
  kubectl(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    return run(this.kubectlCommand(args), options);
  }

  /** The argv of that, for a caller who runs it in another way. */
  kubectlCommand(args: readonly string[]): string[] {
    return kubectlCommand(this.#parts, args);
  }

  /** Pods of the cluster's DNS that are not being deleted. */
  dnsPods(node?: string): Promise<Pod[]> {
    return dnsPods(this.api, node);
  }

  waitForNodes(timeoutMs = 90_000): Promise<void> {
    return nodesReady(this.api, this.nodes.length, timeoutMs);
  }

  /** Waits until each node has a Ready CoreDNS pod. */
  waitForDns(timeoutMs = 90_000): Promise<void> {
    return dnsReady(this.api, this.nodes, timeoutMs);
  }

  // --- a node from inside

  /** Runs a program in the node (all its namespaces, as root); its exit code is the caller's to judge. */
  exec(node: string, argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    return execInNode(this.#context(node), argv, { allowFailure: true, ...options });
  }

  async readFile(node: string, path: string): Promise<string> {
    return (await execInNode(this.#context(node), ['cat', '--', path])).stdout;
  }

  /** Replaces or makes a file in the node by rename; missing folders are made. */
  async writeFile(node: string, path: string, content: string | Uint8Array, mode = 0o644): Promise<void> {
    const script =
      'mkdir -p "${1%/*}" && cat > "$1.rig-new" && chmod "$2" "$1.rig-new" && mv -f "$1.rig-new" "$1"';
    const argv = ['sh', '-c', script, 'sh', path, mode.toString(8)];
    await execInNode(this.#context(node), argv, { input: content });
  }

  /**
   * Signals all processes in the node (pods included) whose command line matches the extended regular expression;
   * gives their number.
   */
  async killProcess(node: string, pattern: string, signal = 'KILL'): Promise<number> {
    const found = await this.exec(node, ['pgrep', '--full', '--', pattern]);
    const pids = found.stdout.split('\n').filter((line) => line !== '');
    if (pids.length > 0) await this.exec(node, ['kill', '-s', signal, ...pids]);
    return pids.length;
  }

  /** Kills the first process of a pod's container, as if it had crashed. */
  async killContainer(namespace: string, pod: string, container?: string, signal = 'SIGKILL'): Promise<void> {
    const found = await this.api.json<Pod>(`/api/v1/namespaces/${namespace}/pods/${pod}`);
    const status = found.status.containerStatuses?.find(
      (c) => container === undefined || c.name === container,
    );
    const id = status?.containerID?.replace(/^containerd:\/\//, '');
    const node = found.spec.nodeName;
    if (id === undefined || node === undefined)
      throw new Error(`${namespace}/${pod} has no such running container`);
    await execInNode(this.#context(node), ['ctr', '-n', 'k8s.io', 'task', 'kill', '--signal', signal, id]);
  }

  /** Imports an OCI or Docker image archive in every node's containerd. */
  async loadImage(archive: string): Promise<void> {
    await Promise.all(this.nodes.map((node) => importImages(this.#context(node.name), [archive])));
  }

  /** The argv prefix that runs a program of this machine in the network of a node or of the control plane. */
  inNetwork(node?: string): string[] {
    return inNetns(node === undefined ? this.paths.controlPlaneNetns : this.paths.node(node).netns);
  }

  // --- a node as a machine

  /**
   * Shuts the node down and boots it again: new PID 1, new boot id, the same disk.
   * Comes back when PID 1 runs; the API shows the node Ready all the while, as for any quick reboot.
   */
  async reboot(node: string, how: 'poweroff' | 'power-cut' = 'poweroff'): Promise<void> {
    await haltNode(this.#context(node), how);
    await bootNode(this.#context(node));
  }

  /** Takes the node off the power, until `powerOn`. */
  powerOff(node: string): Promise<void> {
    return haltNode(this.#context(node), 'power-cut');
  }

  powerOn(node: string): Promise<void> {
    return bootNode(this.#context(node));
  }

  /** The value in the kubelet's configuration file (the running kubelet may still have another). */
  async resolvConf(node: string): Promise<string | undefined> {
    return resolvConfOf(await this.readFile(node, KUBELET_CONFIG));
  }

  /** Changes that one value in the file and no other byte; the kubelet is not restarted. */
  async setResolvConf(node: string, value: string): Promise<void> {
    const before = await this.readFile(node, KUBELET_CONFIG);
    await this.writeFile(node, KUBELET_CONFIG, withResolvConf(before, value), 0o600);
  }

  // --- the control plane

  /** Starts it if it does not run. */
  startComponent(component: Component): void {
    startRigComponent(this.#parts, component);
  }

  /** SIGSTOP freezes it, SIGCONT lets it go on, SIGKILL and SIGTERM wait for its end (`startComponent` restarts it). */
  signalComponent(component: Component, signal: NodeJS.Signals): Promise<void> {
    return signalComponent(this.paths, component, signal);
  }

  /** Pid of each component that runs. */
  components(): ReadonlyMap<Component, number | undefined> {
    return new Map(COMPONENTS.map((component) => [component, componentProcess(this.paths, component)?.pid]));
  }

  /** Waits until the apiserver says it is ready. */
  waitForApiserver(timeoutMs = 60_000): Promise<void> {
    return apiserverReady(this.api, timeoutMs);
  }

  #context(name: string): NodeContext {
    const node = this.nodes.find((candidate) => candidate.name === name);
    if (!node) throw new Error(`no node ${name}; there are ${this.nodes.map((n) => n.name).join(', ')}`);
    return { ...this.#parts, node };
  }
}
