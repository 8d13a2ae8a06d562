/** Answers the people who want to see a plan: from the annotation of a policy to one record for each node. */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { API_VERSION, PLAN_REQUESTS_ANNOTATION } from '../../api/keys.ts';
import { parsePlanRequests, type RequestedPlan } from '../../api/plan-request.ts';
import { answerPlanRequests } from '../../effects/answer-plan-requests.ts';
import { claimIncident } from '../../effects/claim-incident.ts';
import type { KubeClient } from '../../kube/client.ts';
import { isConflict, nullIfNotFound } from '../../kube/errors.ts';
import { type Policy, parsePolicy } from '../../observe/custom-resources.ts';
import { observeNode } from '../../observe/node.ts';
import { remediationName } from '../../remediation/claim/name.ts';
import { decideRequest } from '../../remediation/claim/plan-request.ts';
import { isoTime } from '../../remediation/record/conditions.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Result } from '../../runtime/work-queue.ts';
import { coveringPolicy } from '../dns-pods/policies.ts';
import type { Narrator } from '../narrator.ts';
import type { Stores } from '../stores.ts';
import { AFTER_CONFLICT } from '../write-status.ts';

interface PlanRequestOptions {
  readonly kube: KubeClient;
  readonly stores: Pick<Stores, 'policies' | 'remediations' | 'nodes'>;
  readonly narrator: Pick<Narrator, 'announce'>;
  readonly logger: Logger;
  readonly now: () => number;
}

const DONE: Result = { kind: 'done' };

const versioned = z.object({
  metadata: z.object({
    resourceVersion: z.string(),
    annotations: z.record(z.string(), z.string()).default({}),
  }),
});

/** Returns the reconcile function. The key is the name of the policy. */
export function createPlanRequestReconciler({ kube, stores, narrator, logger, now }: PlanRequestOptions) {
  const api = kube.customResource<object>(API_VERSION, 'dnshealthpolicies');

  return async function reconcile(name: string, signal: AbortSignal): Promise<Result> {
    // By the cache, which every annotation passes: most policies have none.
    if (stores.policies.get(name)?.planRequests === undefined) return DONE;
    const raw = await nullIfNotFound(api.get(name, signal));
    if (raw === null) return DONE;
    const { resourceVersion, annotations } = versioned.parse(raw).metadata;
    const text = annotations[PLAN_REQUESTS_ANNOTATION];
    if (text === undefined) return DONE;
    const policy = parsePolicy(raw);
    const parsed = parsePlanRequests(text);
    if (parsed.kind === 'ok') for (const request of parsed.requests) await answer(request, policy, signal);
    else
      refuse(
        policy,
        'PlanRequestMalformed',
        `The annotation ${PLAN_REQUESTS_ANNOTATION} cannot be read and was removed: ${parsed.problem}. It must be a JSON array of objects with node, by and at (RFC 3339), at most 100; \`kubectl dnshealth plan NODE\` writes it.`,
      );
    try {
      await answerPlanRequests(kube, { name, resourceVersion }, null, signal);
      return DONE;
    } catch (error) {
      // Another request was added. Those that were answered are found again under the names of their records.
      if (isConflict(error)) return AFTER_CONFLICT;
      throw error;
    }
  };

  async function answer(request: RequestedPlan, policy: Policy, signal: AbortSignal): Promise<void> {
    const node = await observeNode(kube, request.node, signal);
    const remediations = stores.remediations.list();
    const name = node && remediationName(node, `request/${request.by}/${request.at}`, digest);
    // It was answered before its request could be taken out.
    if (name !== null && remediations.some((other) => other.name === name)) return;
    const coveredBy = coveringPolicy(stores, request.node)?.name ?? null;
    const decision = decideRequest({ request, node, policy: policy.name, coveredBy, remediations });
    if (decision.kind === 'refuse' || !node || name === null) {
      if (decision.kind === 'refuse') refuse(policy, decision.reason, decision.message);
      return;
    }
    const spec = {
      policy: { name: policy.name, uid: policy.uid },
      node: { name: node.name, uid: node.uid, controlPlane: node.controlPlane },
      cause: 'KubeletResolvConf' as const,
      trigger: 'Request' as const,
      request: { by: request.by, at: isoTime(now()) },
      settings: { ...policy.spec, pause: [] },
    };
    await claimIncident(kube, { name, spec }, signal);
    logger.info('plan requested', { remediation: name, node: node.name, by: request.by });
  }

  function refuse({ name, uid }: Policy, reason: string, note: string): void {
    logger.warn('plan request refused', { policy: name, reason, note });
    narrator.announce({
      about: [{ kind: 'policy', name, uid }],
      type: 'Warning',
      reason,
      action: 'Plan',
      note,
    });
  }
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
