/** Reports what happens, as it happens: watches incidents and policies, and prints what is new in each. */
import { API_VERSION } from '../../api/keys.ts';
import { parsePolicy, parseRemediation } from '../../observe/custom-resources.ts';
import { createMetrics } from '../../runtime/metrics.ts';
import { createReflector } from '../../runtime/reflector/reflector.ts';
import type { Connection } from '../cluster/connect.ts';
import { troublesTo } from '../cluster/troubles.ts';
import type { PluginContext } from '../verb.ts';
import { createFollower } from './follow-incidents.ts';
import { createNodeFollower } from './follow-nodes.ts';
import { createPolicyFollower } from './follow-policies.ts';

/** @returns when the signal aborts. What fails in between is reported and tried again. */
export async function watchCluster(
  { kube, server }: Pick<Connection, 'kube' | 'server'>,
  { out, err, signal }: Pick<PluginContext, 'out' | 'err' | 'signal'>,
): Promise<void> {
  const reports = { logger: troublesTo(err.line, server), metrics: createMetrics() };
  const incidents = createReflector({
    source: kube.listWatch({ path: `/apis/${API_VERSION}/dnsremediations` }),
    transform: parseRemediation,
    ...reports,
  });
  const policies = createReflector({
    source: kube.listWatch({ path: `/apis/${API_VERSION}/dnshealthpolicies` }),
    transform: parsePolicy,
    ...reports,
  });
  const ofIncidents = createFollower(out);
  const ofPolicies = [createNodeFollower(out), createPolicyFollower(out)];
  incidents.onChange((change) => {
    if (change.kind !== 'deleted') ofIncidents.see(change.object);
  });
  policies.onChange((change) => {
    if (change.kind !== 'deleted') for (const follower of ofPolicies) follower.see(change.object);
  });

  const running = Promise.all([incidents.start(signal), policies.start(signal)]);
  await Promise.race([Promise.all([incidents.synced, policies.synced]), running]);
  ofIncidents.fromNowOn();
  for (const follower of ofPolicies) follower.fromNowOn();
  await running;
}
