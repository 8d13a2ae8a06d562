/** The pods of a node that use its resolv.conf and were started in a given time: they keep the file that they were given. */
import * as z from 'zod';
import { CHECK_NAMESPACE, NODE_NAMESPACE } from '../api/keys.ts';
import { MAX_OTHER_PODS, type OtherPods } from '../api/other-pods.ts';
import type { KubeClient } from '../kube/client.ts';
import { KubeError } from '../kube/errors.ts';

interface Question {
  readonly node: string;
  /** RFC 3339, by the clock of the node. Without `since`: all that are older than `until`. */
  readonly since?: string;
  readonly until: string;
  /** Pods that the incident deletes. */
  readonly deleted: ReadonlySet<string>;
}

const podSchema = z.object({
  metadata: z.object({
    namespace: z.string(),
    name: z.string(),
    uid: z.string(),
    deletionTimestamp: z.string().nullish(),
    ownerReferences: z
      .array(z.object({ kind: z.string(), name: z.string(), controller: z.boolean().nullish() }))
      .nullish(),
  }),
  spec: z.object({ dnsPolicy: z.string().nullish(), hostNetwork: z.boolean().nullish() }),
  status: z.object({ phase: z.string().nullish(), startTime: z.string().nullish() }).nullish(),
});
type Pod = z.infer<typeof podSchema>;
const podListSchema = z.object({ items: z.array(podSchema) });

/** A pod in the network of the host reaches the stub of systemd-resolved, and is not harmed by it. */
export const usesNodeDNS = ({ dnsPolicy, hostNetwork }: Pod['spec']): boolean =>
  dnsPolicy === 'Default' && hostNetwork !== true;

/**
 * One read of the pods of this node, from the cache of the API server, which has an index of them.
 *
 * @returns what is to be recorded, also if the API server refuses for good, for example by the RBAC of an older release
 * @throws KubeError if it is to be tried again
 */
export async function otherPodsOf(
  kube: KubeClient,
  question: Question,
  signal: AbortSignal,
): Promise<OtherPods> {
  let items: readonly Pod[];
  try {
    const query = { fieldSelector: `spec.nodeName=${question.node}`, resourceVersion: '0' };
    items = podListSchema.parse(
      await kube.raw.request({ method: 'GET', path: '/api/v1/pods', query, signal }),
    ).items;
  } catch (error) {
    if (!(error instanceof KubeError) || error.code === 0 || error.retryable) throw error;
    return { pods: [], message: `The other pods of the node could not be listed: ${error.message}.` };
  }
  const found = items.filter((pod) => isAffected(pod, question));
  return {
    total: found.length,
    pods: found.slice(0, MAX_OTHER_PODS).map(({ metadata: { namespace, name, ownerReferences } }) => {
      const owner = ownerReferences?.find(({ controller }) => controller === true);
      return { namespace, name, ...(owner && { owner: `${owner.kind}/${owner.name}` }) };
    }),
    message: messageOf(found.length, question.node),
  };
}

/** Ours end by themselves. */
const OURS: readonly string[] = [NODE_NAMESPACE, CHECK_NAMESPACE];
const OVER: readonly unknown[] = ['Succeeded', 'Failed'];

function isAffected({ metadata, spec, status }: Pod, { since, until, deleted }: Question): boolean {
  if (!usesNodeDNS(spec) || OURS.includes(metadata.namespace) || OVER.includes(status?.phase)) return false;
  if (metadata.deletionTimestamp != null || deleted.has(metadata.uid)) return false;
  // Not started yet, as far as is known: its sandbox may be from before the restart.
  const startedAt = status?.startTime;
  if (startedAt == null) return true;
  // The kubelet cuts its times to seconds.
  const started = Date.parse(startedAt);
  return started < Date.parse(until) && (since === undefined || started >= wholeSecond(Date.parse(since)));
}

const wholeSecond = (ms: number): number => Math.floor(ms / 1000) * 1000;

function messageOf(total: number, node: string): string {
  if (total === 0) return `No other pod on node ${node} was given the wrong resolv.conf.`;
  return total === 1
    ? `One other pod on node ${node} with dnsPolicy Default was started before the repair and keeps the resolv.conf of that time until it is recreated. The operator leaves it alone: delete it when that suits you, or restart its workload with kubectl rollout restart.`
    : `${total} other pods on node ${node} with dnsPolicy Default were started before the repair and keep the resolv.conf of that time until they are recreated. The operator leaves them alone: delete them when that suits you, or restart their workloads with kubectl rollout restart.`;
}
