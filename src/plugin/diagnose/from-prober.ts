/** What the prober of the operator has heard from a pod, also of one that cannot be asked from here. Pure. */
import { FINAL_PHASES } from '../../api/remediation.ts';
import { podOf } from '../../api/trigger.ts';
import type { Case, CaseAnswer } from '../../diagnosis/case.ts';
import type { EvidenceLine } from '../../diagnosis/examination.ts';
import type { Policy } from '../../observe/custom-resources.ts';
import type { Remediation } from '../../remediation/world.ts';
import type { GatheredPod, OperatorKnowledge } from './gathered.ts';

/** The operator writes the time of a round every few minutes, so that an older one means that it does not ask now. */
const CURRENT_MS = 600_000;

/** Reasons of the condition Healthy that name the pods that do not answer. */
const OF_PODS: ReadonlySet<string> = new Set(['LateLoop', 'PodsDoNotAnswer', 'UpstreamUnreachable']);

/** @param now epoch milliseconds */
export function withProber(pod: GatheredPod, operator: OperatorKnowledge, now: number): GatheredPod {
  if (operator.kind !== 'installed') return pod;
  const { facts } = pod;
  const heard = operator.policies.flatMap((policy) => heardBy(policy, facts));
  const answers = facts.answers ?? recordedAnswers(operator.remediations, facts);
  const [current] = heard.filter(({ askedAt }) => now - askedAt <= CURRENT_MS);
  return {
    ...pod,
    facts: { ...facts, ...(answers && { answers }) },
    ...(current && !answers && { unanswered: current.line.text }),
    notes: [...pod.notes, ...heard.map(({ line }) => line)],
  };
}

interface Heard {
  /** Of the latest round. */
  readonly askedAt: number;
  readonly line: EvidenceLine;
}

/** Only of the container that runs; what was seen before its start is of another one. */
function heardBy({ name, status }: Policy, { pod }: Case): readonly Heard[] {
  const since = pod?.container?.runningSince;
  const { prober, observations, conditions } = status;
  if (pod === undefined || since === undefined || prober === undefined) return [];
  const askedAt = Date.parse(prober.askedAt);
  const healthy = conditions.find(({ type, status: is }) => type === 'Healthy' && is === 'False');
  const isNamed = healthy && OF_PODS.has(healthy.reason) && namesPod(healthy.message, pod.name);
  const lines = [
    ...(isNamed && healthy.reason !== 'LateLoop' && askedAt >= since
      ? [
          {
            source: `DNSHealthPolicy ${name}, ${healthy.reason} since ${healthy.lastTransitionTime}`,
            text: healthy.message,
          },
        ]
      : []),
    ...observations
      .filter((seen) => seen.pod === pod.name && Date.parse(seen.lastSeen) >= since)
      .map(({ cause, message, lastSeen }) => ({
        source: `DNSHealthPolicy ${name}, ${cause} since ${lastSeen}`,
        text: message,
      })),
  ];
  return lines.map((line) => ({ askedAt, line }));
}

/** `coredns-a` is not named by `coredns-ab`. */
const namesPod = (message: string, pod: string): boolean =>
  message.split(/[^\w.-]+/).some((word) => word.replace(/\.$/, '') === pod);

/** The answers by which the operator found a late loop, as long as that is not over and the container is the same. */
function recordedAnswers(
  remediations: readonly Remediation[],
  { pod }: Case,
): readonly CaseAnswer[] | undefined {
  const since = pod?.container?.runningSince;
  if (pod === undefined || since === undefined) return undefined;
  for (const { spec, status, unreadable } of remediations) {
    const isOpen = unreadable === null && !FINAL_PHASES.includes(status.phase);
    if (!isOpen || spec.trigger !== 'LateLoop' || podOf(spec)?.name !== pod.name) continue;
    if (Date.parse(spec.lateLoop.foundAt) < since) continue;
    return spec.lateLoop.answers.flatMap(({ protocol, name, scope, result, ok, ms }) =>
      scope === undefined
        ? []
        : [{ name, scope, protocol: protocol === 'udp' ? 'UDP' : 'TCP', result, ok, ms }],
    );
  }
  return undefined;
}
