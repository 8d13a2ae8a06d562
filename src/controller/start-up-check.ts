/** Says once, in one line of the log, what the cluster lacks of what the operator uses. */
import * as z from 'zod';
import { API_VERSION } from '../api/keys.ts';
import type { KubeClient } from '../kube/client.ts';
import { KubeError, nullIfNotFound } from '../kube/errors.ts';
import { leasesPath } from '../kube/lease-lock.ts';
import { clusterLacks } from '../observe/cluster-lacks.ts';
import { type Clock, sleep, systemClock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';

interface StartUpCheckOptions {
  readonly kube: KubeClient;
  /** Of the Lease, where the operator runs. */
  readonly namespace: string;
  /** Under the account of a person. */
  readonly isOutside: boolean;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly clock?: Clock;
}

/**
 * What is lacking is asked for twice: an installation creates its objects one after the other, and the API server enforces
 * a policy some moments after it was created.
 */
export const ASK_AGAIN_MS = 10_000;

const versionSchema = z.object({ major: z.string(), minor: z.string(), gitVersion: z.string() });
const groupSchema = z.object({ resources: z.array(z.object({ name: z.string() })) });

/** Never rejects, and waits for an API server that cannot be reached: everything else reports that. */
export async function checkCluster(options: StartUpCheckOptions): Promise<void> {
  const { logger, signal, clock = systemClock } = options;
  let isSecond = false;
  while (!signal.aborted) {
    try {
      const { kubernetes, lacks } = await ask(options);
      if (lacks.length === 0) return logger.debug('the cluster lacks nothing', { kubernetes });
      if (isSecond) return logger.warn('the cluster lacks something', { kubernetes, lacks });
      isSecond = true;
    } catch (error) {
      if (signal.aborted) return;
      const isPassing = error instanceof KubeError && error.retryable;
      if (!isPassing) return logger.warn('the cluster could not be asked what it lacks', { error });
    }
    await sleep(clock, ASK_AGAIN_MS, signal);
  }
}

async function ask(
  options: StartUpCheckOptions,
): Promise<{ readonly kubernetes: string; readonly lacks: string }> {
  const { kube, signal } = options;
  const [version, group, isUnconfined] = await Promise.all([
    kube.raw.request({ method: 'GET', path: '/version', signal }),
    nullIfNotFound(kube.raw.request({ method: 'GET', path: `/apis/${API_VERSION}`, signal })),
    unconfined(options),
  ]);
  const { gitVersion, ...release } = versionSchema.parse(version);
  const kinds = group === null ? null : groupSchema.parse(group).resources.map(({ name }) => name);
  return { kubernetes: gitVersion, lacks: clusterLacks({ ...release, kinds, isUnconfined }).join('; ') };
}

/**
 * By a write that RBAC allows and the policy dnshealth-accounts forbids: only the answer shows that it is in force. It
 * is a dry run, which stores nothing.
 */
async function unconfined({ kube, namespace, isOutside, signal }: StartUpCheckOptions): Promise<boolean> {
  // The policies are about the operator's own account.
  if (isOutside) return false;
  const metadata = { name: 'dnshealth-is-this-allowed', namespace };
  const body = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata };
  const path = leasesPath(namespace);
  try {
    // Not fenced: a process that does not lead asks too.
    const ours = { unfenced: true, signal };
    await kube.raw.request({ method: 'POST', path, query: { dryRun: 'All' }, body, ...ours });
    return true;
  } catch (error) {
    if (error instanceof KubeError && error.code === 403) return false;
    throw error;
  }
}
