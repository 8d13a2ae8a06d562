/** Whether the operator would repair what was found, and what it has done about it already. Pure. */
import { EXCLUDE_LABEL } from '../../api/keys.ts';
import { FINAL_PHASES } from '../../api/remediation.ts';
import { podOf } from '../../api/trigger.ts';
import type { Finding } from '../../diagnosis/examination.ts';
import { managedPlatform } from '../../diagnosis/managed-platform.ts';
import type { Policy } from '../../observe/custom-resources.ts';
import { leftToSomeone } from '../../remediation/left-to-someone.ts';
import type { Remediation } from '../../remediation/world.ts';
import type { GatheredPod, OperatorKnowledge } from './gathered.ts';

export interface OperatorView {
  readonly verdict: /** It repairs this, or would if nothing else changes. */
    | 'repairs'
    /** It is installed, and does not repair this. */
    | 'does-not-repair'
    /** It would repair this if it were installed. */
    | 'not-installed'
    /** It repairs such a cause; whether it may here is not known. */
    | 'unknown';
  /** Sentences: why, and what to change. */
  readonly why: string;
  /** Its record of this pod's incident, the latest one. */
  readonly record?: { readonly name: string; readonly phase: string; readonly message?: string };
}

/** @param findings of one pod, at least one */
export function operatorView(
  pod: GatheredPod,
  findings: readonly Finding[],
  operator: OperatorKnowledge,
): OperatorView {
  const record = operator.kind === 'installed' ? latestRecord(pod, operator.remediations) : undefined;
  const { phase = '', message } = record?.status ?? {};
  return {
    ...verdictOn(pod, findings, operator),
    ...(record && { record: { name: record.name, phase, ...(message === undefined ? {} : { message }) } }),
  };
}

type Verdict = Pick<OperatorView, 'verdict' | 'why'>;

function verdictOn(pod: GatheredPod, findings: readonly Finding[], operator: OperatorKnowledge): Verdict {
  const repair = findings.map((finding) => finding.repair).find(({ by }) => by === 'operator');
  if (repair === undefined) return doesNot('The operator repairs only the resolvConf of a kubelet.');
  const gate = nodeGate(pod);
  if (gate !== undefined) return doesNot(gate);
  const others = findings.filter((finding) => finding.repair.by !== 'operator');
  const condition = 'condition' in repair && repair.condition ? ` It needs this: ${repair.condition}.` : '';
  const first =
    others.length === 0 ? '' : ` ${others.map(({ cause }) => cause).join(' and ')} must be fixed by hand.`;
  switch (operator.kind) {
    case 'not-installed':
      return {
        verdict: 'not-installed',
        why: `The operator would repair this, but it is not installed in this cluster.${condition}${first}`,
      };
    case 'unknown':
      return {
        verdict: 'unknown',
        why: `The operator repairs this cause. Whether it is installed and may do so here is not known.${condition}${first}`,
      };
    case 'installed':
      return policyVerdict(pod, operator.policies, condition + first);
    default:
      return operator satisfies never;
  }
}

const doesNot = (why: string): Verdict => ({ verdict: 'does-not-repair', why });

/** Why this node is never changed; undefined if it may be. */
function nodeGate({ facts, node }: GatheredPod): string | undefined {
  const name = facts.node?.name ?? facts.pod?.node ?? '';
  if (node?.isExcluded === true)
    return `Node ${name} is excluded by its label ${EXCLUDE_LABEL}=true. To allow repairs: \`kubectl label node ${name} ${EXCLUDE_LABEL}-\`.`;
  const platform = facts.node && managedPlatform(facts.node);
  return platform
    ? `${platform.platform} generates the files of node ${name}. ${platform.advice}`
    : undefined;
}

function policyVerdict({ facts }: GatheredPod, policies: readonly Policy[], more: string): Verdict {
  const { kind = '', name = '' } = facts.pod?.workload ?? {};
  const workload = `${kind} ${name}`.trim() || 'the workload of this pod';
  if (policies.length === 0)
    return doesNot(
      'The operator is installed, but there is no DNSHealthPolicy, so it does nothing. Create one, for example with `kubectl apply -f config/samples/policies/look-only.yaml`, which changes nothing.',
    );
  const policy = policies.find(({ spec }) =>
    [spec.workload, ...spec.otherWorkloads].some((one) => one.kind === kind && one.name === name),
  );
  if (policy === undefined) {
    const watched = policies.map(
      ({ name: of, spec }) => `${of} watches ${spec.workload.kind} ${spec.workload.name}`,
    );
    return doesNot(`No DNSHealthPolicy watches ${workload}: ${watched.join(', ')}.`);
  }
  const { mode } = policy.spec;
  if (mode === 'Observe' || mode === 'Plan') return doesNot(onlyLooks(policy.name, mode));
  const inactive = policy.status.conditions.find(
    ({ type, status }) => type === 'Active' && status === 'False',
  );
  if (inactive) return doesNot(`DNSHealthPolicy ${policy.name} is not active: ${inactive.message}`);
  const paused = policy.status.conditions.find(({ type, status }) => type === 'Paused' && status === 'True');
  if (paused) return doesNot(`DNSHealthPolicy ${policy.name} is paused. ${paused.message}`);
  const asks =
    mode === 'Approve'
      ? ' once a person has approved the plan: `kubectl dnshealth status` shows those that wait'
      : '';
  return {
    verdict: 'repairs',
    why: `DNSHealthPolicy ${policy.name} allows it${asks} (mode: ${mode}).${more}`,
  };
}

const onlyLooks = (policy: string, mode: 'Observe' | 'Plan'): string =>
  `DNSHealthPolicy ${policy} only ${mode === 'Observe' ? 'observes' : 'plans'} (mode: ${mode}). To see what a repair would change: \`kubectl dnshealth plan NODE --wait\`. To allow repairs: \`kubectl patch dnshealth ${policy} --type=merge -p '{"spec":{"mode":"Repair"}}'\`, or with the mode Approve after a person has approved each.`;

function latestRecord({ facts }: GatheredPod, remediations: readonly Remediation[]): Remediation | undefined {
  return remediations
    .filter(({ spec }) => spec.node.name === facts.pod?.node)
    .filter((one) => podOf(one.spec)?.name === facts.pod?.name || concernsEveryPod(one))
    .toSorted((a, b) => b.createdAt - a.createdAt)
    .at(0);
}

/** It runs, or it began without a pod and keeps the operator from repairing the node. */
const concernsEveryPod = (record: Remediation): boolean =>
  !FINAL_PHASES.includes(record.status.phase) ||
  (podOf(record.spec) === null && leftToSomeone([record], undefined) !== null);
