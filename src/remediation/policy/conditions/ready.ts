/** Ready: the policy is accepted and in force, and the operator watches. It says nothing about DNS. */
import { DNS_LABELS_TEXT } from '../../../api/keys.ts';
import type { PolicyFacts } from '../facts.ts';
import type { Judgement } from './judgement.ts';

export function ready(facts: PolicyFacts): Judgement {
  const { kind, name } = facts.workload;
  return (
    hindrance(facts) ?? {
      status: 'True',
      reason: 'Watching',
      message: `The policy is in force. The operator watches the DNS pods of ${kind} kube-system/${name}.`,
    }
  );
}

/** Why the policy has no effect. */
function hindrance(facts: PolicyFacts): Judgement | null {
  const no = (reason: string, message: string): Judgement => ({ status: 'False', reason, message });
  if (facts.conflictsWith)
    return no(
      'Conflict',
      `Policy ${facts.conflictsWith} is older and names the same workload, so this policy has no effect.`,
    );
  if (facts.workloads.every(({ watched }) => !watched))
    return no('WorkloadNotFound', workloadNotFound(facts));
  if (facts.otherContainers.length > 0)
    return no(
      'ContainerNotFound',
      `No DNS pod has a container with the name in spec.workload.container. Containers found: ${facts.otherContainers.join(', ')}. Set spec.workload.container to that of CoreDNS.`,
    );
  return null;
}

function workloadNotFound({ workloads, workload }: PolicyFacts): string {
  const wanted = `${workload.kind} kube-system/${workload.name}`;
  if (workloads.length === 0)
    return `${wanted} owns no pod in kube-system with one of the labels ${DNS_LABELS_TEXT}, and no other workload does.`;
  const others = workloads.map(
    ({ kind, name, labels }) => `${kind} kube-system/${name} owns pods labelled ${labels.join(' and ')}`,
  );
  return `${wanted} owns no DNS pod. ${others.join('; ')}. To watch ${workloads.length === 1 ? 'it' : 'one of these'}, set spec.workload.kind and spec.workload.name, and spec.workload.container to the name of its container.`;
}
