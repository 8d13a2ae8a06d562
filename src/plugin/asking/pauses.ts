/** Where pauses are: the entries of a policy, and the switch on the operator's namespace. */
import * as z from 'zod';
import { API_VERSION, OPERATOR_NAMESPACE } from '../../api/keys.ts';
import { type PauseEntry, pauseEntrySchema } from '../../api/policy/pause.ts';
import type { KubeClient } from '../../kube/client.ts';
import { getNamed } from '../cluster/get-named.ts';
import { PluginError } from '../errors.ts';
import type { Stored } from './change.ts';

export const NAMESPACE_PATH = `/api/v1/namespaces/${OPERATOR_NAMESPACE}`;
export const policyPath = (name: string): string =>
  `/apis/${API_VERSION}/dnshealthpolicies/${encodeURIComponent(name)}`;

const pausedSchema = z.object({
  spec: z.object({ pause: z.array(pauseEntrySchema).default([]) }).prefault({}),
});

/** Those that are over as well: they stay until someone takes them out. */
export const pausesIn = (policy: Stored): readonly PauseEntry[] => pausedSchema.parse(policy).spec.pause;

/** The one that was named, or the only one. @throws PluginError if it does not exist, or if there are several */
export async function policyNamed(
  kube: KubeClient,
  name: string | undefined,
  signal: AbortSignal,
): Promise<string> {
  if (name !== undefined) {
    await getNamed(kube, 'dnshealthpolicies', name, signal);
    return name;
  }
  const policies = await kube
    .customResource<{ readonly metadata: { readonly name: string } }>(API_VERSION, 'dnshealthpolicies')
    .list(signal);
  const names = policies.map(({ metadata }) => metadata.name);
  const [only] = names;
  if (only === undefined) throw new PluginError('there is no DNSHealthPolicy in this cluster');
  if (names.length > 1) throw new PluginError(`there are several policies: name one of ${names.join(', ')}`);
  return only;
}
