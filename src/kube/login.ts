/** How the operator logs in: in a pod with its service account, anywhere else as kubectl does. */
import type { Logger } from '../runtime/logger.ts';
import type { ClusterConfig } from './config.ts';
import { inClusterConfig, isInCluster } from './in-cluster-config.ts';

interface Login {
  readonly config: ClusterConfig;
  /** The namespace of the Lease. */
  readonly namespace: string;
  /** Started by someone with a kubeconfig, not by a Deployment. */
  readonly isOutside: boolean;
}

interface LoginOptions {
  /** Outside a cluster: where the operator is installed, so that it takes part in the same election as its pods. */
  readonly namespace: string;
  readonly logger: Logger;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** @throws Error that says what is missing or wrong */
export async function logIn({ namespace, logger, env = process.env }: LoginOptions): Promise<Login> {
  if (isInCluster(env)) {
    const config = await inClusterConfig({ env });
    return { config, namespace: config.namespace, isOutside: false };
  }
  // Imported here, so that a process in a cluster never loads it: see docs/adr/0001.
  const { kubeconfigLogin } = await import('./kubeconfig/kubeconfig.ts');
  const config = await kubeconfigLogin({ env });
  logger.info('running outside a cluster', { server: config.server, namespace });
  return { config, namespace, isOutside: true };
}
