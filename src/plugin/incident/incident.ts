/** An incident as verbs print it, from its record. */
import type { Interference } from '../../api/interference.ts';
import type { OtherPods } from '../../api/other-pods.ts';
import type { Plan } from '../../api/plan.ts';
import type { Explanation } from '../../api/rewritten.ts';
import { beganAt } from '../../api/trigger.ts';
import type { Remediation } from '../../remediation/world.ts';

/** The names are an interface: scripts read them with `-o json`. Times are RFC 3339. */
export interface Incident {
  readonly name: string;
  readonly node: string;
  readonly policy: string;
  readonly cause: string;
  /** What it began with: Crash, LateLoop, Drift, Request or Rollback. */
  readonly trigger: string;
  readonly phase: string;
  readonly reason: string | null;
  readonly message: string | null;
  readonly advice: string | null;
  /** When the DNS pod crashed or was found not to answer, or the node was found wrong. */
  readonly began: string;
  /** null while it is not over. */
  readonly ended: string | null;
  /** Until now while it is not over. */
  readonly seconds: number;
  /** Since when it waits for its reason; null while it does not wait. */
  readonly waitingSince: string | null;
  readonly acknowledged: boolean;
  /** What a repair would do, or what was approved; null without a plan. */
  readonly plan: Plan | null;
  /** Who approved the plan that counts, and who asked for a plan or a rollback. */
  readonly approvedBy: string | null;
  readonly askedBy: string | null;
  /** The DNSRemediation that has undone this repair. */
  readonly rolledBackBy: string | null;
  /** What people did to the node while it was in quarantine. */
  readonly interference: readonly Interference[];
  /** What may have brought the wrong value back, best first. Empty unless it had been right before. */
  readonly rewrittenBy: readonly Explanation[];
  /** Pods that keep the resolv.conf of before; null if nothing was changed. */
  readonly otherPods: OtherPods | null;
}

export function incidentOf({ name, acknowledged, spec, status }: Remediation, now: number): Incident {
  const { phase, reason = null, message = null, advice = null, finishedAt: ended = null } = status;
  const { rewrittenBy, otherPods = null, waitingSince = null, plan = null, approval } = status;
  const { interference, rolledBackBy = null } = status;
  const began = beganAt(spec);
  const seconds = Math.round(((ended === null ? now : Date.parse(ended)) - began) / 1000);
  return {
    name,
    node: spec.node.name,
    policy: spec.policy.name,
    cause: spec.cause,
    trigger: spec.trigger,
    phase,
    reason,
    message,
    advice,
    began: new Date(began).toISOString(),
    ended,
    seconds,
    waitingSince,
    acknowledged,
    plan,
    approvedBy: approval?.by ?? null,
    askedBy: askedBy(spec),
    rolledBackBy,
    interference,
    rewrittenBy,
    otherPods,
  };
}

function askedBy(spec: Remediation['spec']): string | null {
  if (spec.trigger === 'Request') return spec.request.by;
  return spec.trigger === 'Rollback' ? spec.rollback.by : null;
}

/** In one line, best first: "KubesprayRun (high), Person (low)". Empty if it is not known. */
export const likelyWriters = (explanations: readonly Explanation[]): string =>
  explanations
    .filter(({ explanation }) => explanation !== 'Unknown')
    .map(({ explanation, confidence }) => `${explanation} (${confidence})`)
    .join(', ');
