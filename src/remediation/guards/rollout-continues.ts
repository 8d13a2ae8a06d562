/** No failure waits for an acknowledgement: the next node would probably fail in the same way. */
import { RECHECK_MS } from '../deadlines.ts';
import { pass, type Verdict, wait } from '../verdict.ts';
import type { Remediation, Situation } from '../world.ts';

export function rolloutContinues({ remediation, world }: Situation): Verdict {
  const failed = world.remediations.find((other) => haltsRollout(other, remediation.spec.policy.uid));
  return failed ? wait('RolloutHalted', haltedBy(failed), RECHECK_MS) : pass;
}

/** A failure that stops further repairs under its policy until it is acknowledged. */
export function haltsRollout(remediation: Remediation, policyUID: string): boolean {
  return (
    remediation.spec.policy.uid === policyUID &&
    remediation.status.phase === 'Failed' &&
    remediation.status.quarantine !== undefined &&
    !remediation.acknowledged
  );
}

export function haltedBy({ name }: Remediation): string {
  return `${name} failed; further repairs are paused until it is acknowledged: \`kubectl annotate dnsrem ${name} dnshealth.io/acknowledged=true\`.`;
}
