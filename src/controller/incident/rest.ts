/** Spares the requests for an incident that waits for others: 300 of them would keep the one under repair waiting. */
import type { RemediationSpec } from '../../api/remediation.ts';
import { podOf } from '../../api/trigger.ts';
import type { DnsPod } from '../../observe/dns-pod.ts';
import { TURN_RECHECK_MS } from '../../remediation/deadlines.ts';
import { isDown } from '../../remediation/facts.ts';
import { stillWaitsForOthers } from '../../remediation/wake.ts';
import type { Remediation } from '../../remediation/world.ts';
import { containerOf, policyOf } from '../dns-pods/workloads.ts';
import type { Stores } from '../stores.ts';

export interface Rest {
  /** For how long the incident need not be read from the API: 0 if it must be read now. */
  leftMs(name: string): number;
  /** It is read from the API now. */
  looked(name: string): void;
  forget(name: string): void;
}

export function createRest(
  stores: Pick<Stores, 'policies' | 'remediations' | 'dnsPods'>,
  now: () => number,
): Rest {
  const lookedAt = new Map<string, number>();

  function waitsByTheCaches(name: string): boolean {
    const remediation = stores.remediations.get(name);
    if (!remediation) return false;
    return stillWaitsForOthers(remediation, {
      remediations: stores.remediations.list(),
      policyRepairs: policyOf(remediation, stores.policies.list())?.spec.mode === 'Repair',
      isStillSick: isStillSick(remediation, stores.dnsPods.list()),
      now: now(),
    });
  }

  return {
    leftMs(name) {
      const last = lookedAt.get(name);
      const leftMs = last === undefined ? 0 : last + TURN_RECHECK_MS - now();
      return leftMs > 0 && waitsByTheCaches(name) ? leftMs : 0;
    },
    looked: (name) => void lookedAt.set(name, now()),
    forget: (name) => void lookedAt.delete(name),
  };
}

/** By the caches. A pod that does not crash is ready all the time. A drift is about no pod, until one of its node crashes. */
function isStillSick({ spec, status }: Remediation, dnsPods: readonly DnsPod[]): boolean {
  if (spec.trigger === 'Drift')
    return status.failingPod !== undefined || !dnsPods.some((pod) => hasCrashed(pod, spec));
  const pod = dnsPods.find(({ uid }) => uid === podOf(spec)?.uid);
  return pod !== undefined && (spec.trigger === 'LateLoop' || !pod.ready);
}

function hasCrashed(pod: DnsPod, { node, settings }: RemediationSpec): boolean {
  if (pod.node !== node.name) return false;
  const container = containerOf(pod, settings.workload);
  return (
    container !== undefined &&
    isDown({ ready: pod.ready, runningSince: container.runningSince, containerID: container.id })
  );
}
