/** Starts the check of a node, and reads what it has left. */
import { createHash, randomUUID } from 'node:crypto';
import { type CheckReport, checkReportSchema } from '../../api/agent-protocol.ts';
import type { CheckOrigin } from '../../api/check-origin.ts';
import type { CheckReason } from '../../api/drift.ts';
import type { PolicySpec } from '../../api/policy.ts';
import { startCheck } from '../../effects/check-pod.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { NodeFacts } from '../../observe/node-facts.ts';
import { isoTime } from '../../remediation/record/conditions.ts';
import { readReport } from '../../remediation/record/report.ts';
import { CHECK_MS, checkRequest } from '../check-request.ts';
import type { ClusterDns } from '../dns-pods/cluster-dns.ts';
import type { CheckPod } from './check-pods.ts';

/** The kubelet ends the pod after `CHECK_MS`, and says why. One that does not is not waited for. */
export const LATE_MS = CHECK_MS + 10_000;

interface CheckStart {
  readonly facts: NodeFacts;
  readonly why: CheckReason;
  readonly kubeletStartedAt: number | null;
  readonly policy: PolicySpec;
  readonly batch: string;
}

interface CheckStarterOptions {
  readonly kube: KubeClient;
  readonly clusterDns: ClusterDns;
  readonly image: string;
  readonly now: () => number;
}

export function createCheckStarter({ kube, clusterDns, image, now }: CheckStarterOptions) {
  /** Creates the pod. One of that name that already exists is adopted: another leader has created it. */
  return async function start(
    { facts, why, kubeletStartedAt, policy, batch }: CheckStart,
    signal: AbortSignal,
  ): Promise<void> {
    const { bootID, kubeletVersion, osImage } = facts;
    const nonce = randomUUID();
    const origin: CheckOrigin = {
      nonce,
      why,
      node: facts.uid,
      bootID,
      kubeletVersion,
      osImage,
      ...(kubeletStartedAt !== null && { kubeletStartedAt: isoTime(kubeletStartedAt) }),
    };
    await startCheck(
      kube,
      {
        name: nodeCheckName(facts.uid),
        ofNode: { origin, batch },
        node: facts.name,
        image,
        activeDeadlineSeconds: CHECK_MS / 1000,
        agent: checkRequest({
          nonce,
          policy,
          clusterDNS: await clusterDns.addresses(signal),
          node: facts.addresses,
          now: now(),
        }),
      },
      signal,
    );
  };
}

/** Derived from the node, so that a second create collides. */
export const nodeCheckName = (uid: string): string =>
  `node-${createHash('sha256').update(uid).digest('hex').slice(0, 16)}`;

export type CheckEnd =
  | { readonly kind: 'reported'; readonly report: CheckReport }
  | { readonly kind: 'failed'; readonly problem: string };

/** null while the check runs and is not late. By the operator's own clock: the pod's creation is by the API server's. */
export function endOf(pod: CheckPod, now: number): CheckEnd | null {
  const { state, message, origin, blockedBy, isGone } = pod;
  const isLate = now - pod.seenAt >= LATE_MS;
  if (state !== 'ended' && !isGone && !isLate) return null;
  const read = readReport(checkReportSchema, message, origin.nonce);
  if (read.kind === 'ok') return { kind: 'reported', report: read.report };
  if (state === 'ended') return { kind: 'failed', problem: blockedBy ?? read.problem };
  if (isGone) return { kind: 'failed', problem: 'The pod of the check was deleted before it ended.' };
  return { kind: 'failed', problem: blockedBy ?? `The check did not end within ${LATE_MS / 1000} s.` };
}
