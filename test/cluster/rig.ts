/** A rig: a running two-node cluster, and everything a test can do with it. */
import type { AddressPlan, NodePlan } from './address-plan.ts';
import { type ApiClient, apiClient, type Pod } from './api-client.ts';
import { componentProcess, signalComponent } from './control-plane/component-process.ts';
import { COMPONENTS, type Component } from './control-plane/components.ts';
import { KUBELET_CONFIG, resolvConfOf, withResolvConf } from './node/kubelet-files.ts';
import { bootNode, execInNode, haltNode, importImages, type NodeContext } from './node/rig-node.ts';
import { apiserverReady, dnsPods, dnsReady, nodesReady } from './readiness.ts';
import type { RigPaths } from './rig-paths.ts';
import { kubectlCommand, type RigParts, startRigComponent } from './rig-start.ts';
import { DEFAULT_NAME, openRig, rigUp, type UpOptions } from './rig-up.ts';
import { type RunOptions, type RunResult, run } from './run.ts';
import { tearDown } from './teardown/down.ts';

export class Rig {
  readonly name: string;
  readonly paths: RigPaths;
  readonly plan: AddressPlan;
  /** Administrator's kubeconfig, for kubectl and client libraries on this machine. */
  readonly kubeconfigPath: string;
  /** The Service address of kube-dns; reachable from this machine, like all pods and nodes. */
  readonly clusterDns: string;
  readonly nodes: readonly NodePlan[];
  /** Such as `v1.34.4`. */
  readonly kubernetes: string;
  readonly api: ApiClient;
  readonly #parts: RigParts;

  private constructor(parts: RigParts) {
    const { paths, plan } = parts;
    this.name = paths.name;
    this.paths = paths;
    this.plan = plan;
    this.kubeconfigPath = paths.kubeconfig;
    this.clusterDns = plan.primary.clusterDns;
    this.nodes = plan.nodes;
    this.kubernetes = parts.kubernetes;
    this.api = apiClient(paths, plan);
    this.#parts = parts;
  }

  /** The running rig of that name; throws if there is none. */
  static open(name: string = DEFAULT_NAME): Rig {
    return new Rig(openRig(name));
  }

  /** Starts a rig, or opens the one of that name that already runs. */
  static async up(options: UpOptions = {}): Promise<Rig> {
    return new Rig(await rigUp(options));
  }

  /** Removes the rig without a trace; see `teardown/down.ts`. */
  async down(): Promise<void> {
    this.api.close();
    await tearDown(this.paths);
  }

  // --- the cluster

  /** Runs the rig's kubectl as administrator; throws on failure unless `allowFailure`. */
  kubectl(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    return run(this.kubectlCommand(args), options);
  }

  /** The argv of `kubectl`, for callers that run it themselves. */
  kubectlCommand(args: readonly string[]): string[] {
    return kubectlCommand(this.#parts, args);
  }

  /** Pods of the cluster's DNS that are not being deleted. */
  dnsPods(node?: string): Promise<Pod[]> {
    return dnsPods(this.api, node);
  }

  waitForNodes(timeoutMs = 180_000): Promise<void> {
    return nodesReady(this.api, this.nodes.length, timeoutMs);
  }

  /** Waits until each node has a Ready CoreDNS pod. */
  waitForDns(timeoutMs = 180_000): Promise<void> {
    return dnsReady(this.api, this.nodes, timeoutMs);
  }

  // --- a node from inside

  /** Runs a program in the node (all its namespaces, as root); does not throw if it fails. */
  exec(node: string, argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    return execInNode(this.#context(node), argv, { allowFailure: true, ...options });
  }

  async readFile(node: string, path: string): Promise<string> {
    return (await execInNode(this.#context(node), ['cat', '--', path])).stdout;
  }

  /** Creates or replaces a file in the node by rename; creates missing folders. */
  async writeFile(node: string, path: string, content: string | Uint8Array, mode = 0o644): Promise<void> {
    const script =
      'mkdir -p "${1%/*}" && cat > "$1.rig-new" && chmod "$2" "$1.rig-new" && mv -f "$1.rig-new" "$1"';
    const argv = ['sh', '-c', script, 'sh', path, mode.toString(8)];
    await execInNode(this.#context(node), argv, { input: content });
  }

  /** Kills the first process of a pod's container, as in a crash. */
  async killContainer(namespace: string, pod: string, container?: string, signal = 'SIGKILL'): Promise<void> {
    const found = await this.api.json<Pod>(`/api/v1/namespaces/${namespace}/pods/${pod}`);
    const status = found.status.containerStatuses?.find(
      (c) => container === undefined || c.name === container,
    );
    const id = status?.containerID?.replace(/^containerd:\/\//, '');
    const node = found.spec.nodeName;
    if (id === undefined || node === undefined)
      throw new Error(`${namespace}/${pod} has no running container ${container ?? ''}`.trimEnd());
    await execInNode(this.#context(node), ['ctr', '-n', 'k8s.io', 'task', 'kill', '--signal', signal, id]);
  }

  /** Imports an OCI or Docker image archive in every node's containerd. */
  async loadImage(archive: string): Promise<void> {
    await Promise.all(this.nodes.map((node) => importImages(this.#context(node.name), [archive])));
  }

  // --- a node as a machine

  /**
   * Shuts the node down and boots it again: new PID 1, new boot id, the same disk. Returns when PID 1 runs; in the API
   * the node stays Ready throughout, as in any quick reboot.
   */
  async reboot(node: string, how: 'poweroff' | 'power-cut' = 'poweroff'): Promise<void> {
    await haltNode(this.#context(node), how);
    await bootNode(this.#context(node));
  }

  /** Cuts the node's power, until `powerOn`. */
  powerOff(node: string): Promise<void> {
    return haltNode(this.#context(node), 'power-cut');
  }

  powerOn(node: string): Promise<void> {
    return bootNode(this.#context(node));
  }

  /** The value in the kubelet's configuration file; the running kubelet may still use another one. */
  async resolvConf(node: string): Promise<string | undefined> {
    return resolvConfOf(await this.readFile(node, KUBELET_CONFIG));
  }

  /** Changes that value in the file and no other byte; does not restart the kubelet. */
  async setResolvConf(node: string, value: string): Promise<void> {
    const before = await this.readFile(node, KUBELET_CONFIG);
    await this.writeFile(node, KUBELET_CONFIG, withResolvConf(before, value), 0o600);
  }

  /** The new kubelet may report its node as not ready for a moment. */
  async restartKubelet(node: string): Promise<void> {
    await execInNode(this.#context(node), ['systemctl', 'restart', 'kubelet.service']);
  }

  // --- the control plane

  /** Starts the component unless it is running. */
  startComponent(component: Component): void {
    startRigComponent(this.#parts, component);
  }

  /** SIGSTOP freezes the component until SIGCONT; SIGKILL and SIGTERM return when it has exited. */
  signalComponent(component: Component, signal: NodeJS.Signals): Promise<void> {
    return signalComponent(this.paths, component, signal);
  }

  /** The pid of each component, undefined if it is not running. */
  components(): ReadonlyMap<Component, number | undefined> {
    return new Map(COMPONENTS.map((component) => [component, componentProcess(this.paths, component)?.pid]));
  }

  /** Waits until the apiserver is ready. */
  waitForApiserver(timeoutMs = 180_000): Promise<void> {
    return apiserverReady(this.api, timeoutMs);
  }

  #context(name: string): NodeContext {
    const node = this.nodes.find((candidate) => candidate.name === name);
    if (!node)
      throw new Error(`no node ${name} in ${this.name}, only ${this.nodes.map((n) => n.name).join(', ')}`);
    return { ...this.#parts, node };
  }
}
