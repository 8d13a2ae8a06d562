/** Claims an incident: from evidence that can be repaired to a DNSRemediation, or to the reason why there is none. */
import { createHash } from 'node:crypto';
import type { Evidence } from '../../api/evidence.ts';
import type { DnsWorkload } from '../../api/policy/scope.ts';
import type { TriggerEvidence } from '../../api/trigger.ts';
import { claimIncident } from '../../effects/claim-incident.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Policy } from '../../observe/custom-resources.ts';
import { observeNode } from '../../observe/node.ts';
import type { OwnedPod } from '../../observe/ownership.ts';
import { decideClaim } from '../../remediation/claim/claim.ts';
import { selectsNode } from '../../remediation/scope/node-selector.ts';
import { NOT_IN_SCOPE, notInScopeAdvice, OVERLAPPING, overlapping } from '../../remediation/scope/reasons.ts';
import type { NodeView } from '../../remediation/world.ts';
import type { Logger } from '../../runtime/logger.ts';
import { olderPolicyFor } from '../dns-pods/policies.ts';
import type { KubeletStarts } from '../nodes/kubelet-starts.ts';
import type { Stores } from '../stores.ts';

interface Claim {
  /** Name of the node. */
  readonly node: string;
  /** The DNS pod that showed it; none shows a drift. */
  readonly pod?: OwnedPod;
  readonly policy: Policy;
  readonly trigger: TriggerEvidence;
  /** When the operator itself saw it, epoch milliseconds; null if it was there before. */
  readonly sawAt: number | null;
  /** It was not known before with this cause. */
  readonly isNews: boolean;
  /** Called if the incident is claimed. */
  readonly gather: (node: NodeView) => Promise<Evidence>;
}

export interface ClaimOutcome {
  /** There is a record for it now. */
  readonly claimed: boolean;
  /** Nothing more follows from this evidence; otherwise it is considered again when something changes. */
  readonly isSettled: boolean;
  /** What the status of the policy advises, if this is not repaired. */
  readonly advice?: string;
}

export const SETTLED: ClaimOutcome = { claimed: false, isSettled: true };
const UNSETTLED: ClaimOutcome = { claimed: false, isSettled: false };
/** Ends of another incident, and acknowledgements, lift these. */
const PASSING: ReadonlySet<string> = new Set(['NodeHasIncident', 'NodeRolledBack']);

export type Claimant = (claim: Claim, signal: AbortSignal) => Promise<ClaimOutcome>;

interface ClaimantOptions {
  readonly kube: KubeClient;
  readonly stores: Pick<Stores, 'remediations' | 'policies'>;
  readonly starts: Pick<KubeletStarts, 'of'>;
  readonly logger: Logger;
  readonly now: () => number;
}

export function createClaimant({ kube, stores, starts, logger, now }: ClaimantOptions): Claimant {
  return async ({ node: nodeName, pod, policy, trigger, sawAt, isNews, gather }, signal) => {
    if (policy.spec.mode === 'Observe') return UNSETTLED;
    const node = await observeNode(kube, nodeName, signal);
    if (node === null || node.excluded) return UNSETTLED;
    const { name, uid } = node;
    const outside = outsideScope(policy, pod?.workload, node);
    if (outside) {
      const { reason, advice } = outside;
      if (isNews) logger.info('incident not claimed', { node: name, trigger: trigger.trigger, reason });
      return { ...UNSETTLED, advice };
    }
    const remediations = stores.remediations.list();
    const decision = decideClaim({
      evidence: trigger,
      sawAt,
      node: { name, uid },
      mode: policy.spec.mode,
      nodeNow: { bootID: node.system.bootID, kubeletStartedAt: starts.of(name) },
      remediations,
      digest,
      now: now(),
    });
    if (decision.kind === 'skip') {
      if (isNews)
        logger.info('incident not claimed', {
          ...(pod && { pod: pod.name }),
          node: name,
          trigger: trigger.trigger,
          reason: decision.reason,
        });
      const { reason, advice } = decision;
      return { claimed: false, isSettled: !PASSING.has(reason), ...(advice ? { advice } : {}) };
    }
    const spec = {
      policy: { name: policy.name, uid: policy.uid },
      node: { name, uid, controlPlane: node.controlPlane },
      cause: 'KubeletResolvConf' as const,
      ...(pod && { workload: pod.workload }),
      ...trigger,
      // Who paused it counts as it is, not as it was.
      settings: { ...policy.spec, pause: [] },
      evidence: await gather(node),
    };
    const claimed = await claimIncident(kube, { name: decision.name, spec }, signal);
    if (claimed === 'created')
      logger.info('incident claimed', {
        remediation: decision.name,
        ...(pod && { pod: pod.name }),
        node: name,
        trigger: trigger.trigger,
      });
    return { claimed: true, isSettled: true };
  };

  /** By the labels that the node has now: those in the cache have chosen the policy. null: it is the policy's node. */
  function outsideScope(policy: Policy, workload: DnsWorkload | undefined, { name, labels }: NodeView) {
    if (!selectsNode(policy.spec.nodeSelector, labels))
      return { reason: NOT_IN_SCOPE, advice: notInScopeAdvice(name, policy.name) };
    const older = olderPolicyFor(policy, workload, stores.policies.list(), labels);
    return older === null ? null : { reason: OVERLAPPING, advice: overlapping(name, older) };
  }
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
