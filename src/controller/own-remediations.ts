/** The remediations of a policy. Each belongs to one policy at most, so that it is counted, shown and deleted once. */
import type { Policy } from '../observe/custom-resources.ts';
import type { Remediation } from '../remediation/world.ts';
import { labelsOf, policyOf } from './dns-pods/policies.ts';
import type { Stores } from './stores.ts';

export function ownRemediations(
  { uid }: Pick<Policy, 'uid'>,
  stores: Pick<Stores, 'policies' | 'remediations' | 'nodes'>,
): readonly Remediation[] {
  const policies = stores.policies.list();
  return stores.remediations
    .list()
    .filter((one) => policyOf(one, policies, labelsOf(stores.nodes, one.spec.node.name))?.uid === uid);
}
