/** The connection to a cluster: logs in as kubectl does, and offers the typed classes and the client of the operator. */
import { VERSION } from '../../api/version.ts';
import { createKubeClient, type KubeClient } from '../../kube/client.ts';
import { type KubeconfigOptions, kubeconfigLogin } from '../../kube/kubeconfig/kubeconfig.ts';
import { createMetrics } from '../../runtime/metrics.ts';
import { PluginError } from '../errors.ts';
import { type Forward, forwardTo, type PodPort } from './pod-forward.ts';
import { type TypedApis, typedApis } from './typed-apis.ts';

export interface Connection extends TypedApis {
  /** The address of the API server, for messages. */
  readonly server: string;
  /** The namespace of the context. */
  readonly namespace: string;
  /** Plain JSON over the same connections: what `observe/` and `effects/` are given. */
  readonly kube: KubeClient;
  /** Opens a stream to a port of a pod. @throws KubeError if it is refused */
  forwardTo(port: PodPort, signal: AbortSignal): Promise<Forward>;
  close(): Promise<void>;
}

export interface ConnectOptions extends KubeconfigOptions {
  /** For each request. */
  readonly timeoutMs: number;
  /** Ends all requests. */
  readonly signal: AbortSignal;
}

/** @throws PluginError if the kubeconfig cannot be used */
export async function connect({ timeoutMs, signal, ...kubeconfig }: ConnectOptions): Promise<Connection> {
  const config = await kubeconfigLogin(kubeconfig).catch((error: unknown) => {
    throw new PluginError(error instanceof Error ? error.message : String(error), { cause: error });
  });
  const kube = createKubeClient(config, {
    metrics: createMetrics(),
    userAgent: `kubectl-dnshealth/${VERSION}`,
    deadlineMs: timeoutMs,
  });
  return {
    server: config.server,
    namespace: config.namespace,
    kube,
    ...typedApis(kube.raw, signal),
    forwardTo: async (port, until) => forwardTo(config, port, until),
    close: () => kube.close(),
  };
}
