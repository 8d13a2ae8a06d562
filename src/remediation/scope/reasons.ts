/** Why a policy leaves a node alone that its DNS pods run on: the reasons and their sentences, wherever they are shown. */

/** The policy does not select the node. */
export const NOT_IN_SCOPE = 'NotInScope';
/** An older policy decides about the node. */
export const OVERLAPPING = 'Overlapping';

export const notInScope = (node: string, policy: string): string =>
  `Node ${node} is not selected by spec.nodeSelector of DNSHealthPolicy ${policy}.`;

export const overlapping = (node: string, older: string): string =>
  `Node ${node} belongs to DNSHealthPolicy ${older}, which is older and names the same DNS workload.`;

/** Under a policy that watches the DNS pod and does not select its node. */
export const notInScopeAdvice = (node: string, policy: string): string =>
  `${notInScope(node, policy)} It is therefore not repaired (${NOT_IN_SCOPE}). To have it repaired, give it the labels that the policy asks for, or select it with a policy of its own; to repair it by hand, see \`kubectl dnshealth diagnose\`.`;
