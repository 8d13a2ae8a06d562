/** Spares the requests for an incident that waits: 300 of them would keep the one under repair waiting. */
import { workloadsOf } from '../../api/policy/scope.ts';
import type { RemediationSpec } from '../../api/remediation.ts';
import { podOf } from '../../api/trigger.ts';
import type { DnsPod } from '../../observe/dns-pod.ts';
import { isDown } from '../../remediation/facts.ts';
import { stillWaits } from '../../remediation/still-waits.ts';
import type { Remediation } from '../../remediation/world.ts';
import { labelsOf, policyOf } from '../dns-pods/policies.ts';
import { slotsNow } from '../dns-pods/slots-now.ts';
import type { EligibleNodes } from '../nodes/eligible-nodes.ts';
import { pauseOfAll, type Stores } from '../stores.ts';

export interface Rest {
  /** For how long the incident need not be read from the API: 0 if it must be read now. */
  leftMs(name: string): number;
  /** It was read, and is to be read again after `recheckMs`, unless something changes. */
  waits(remediation: Remediation, recheckMs: number): void;
  /** It is read from the API now, or it is gone. */
  forget(name: string): void;
}

type Caches = Pick<Stores, 'policies' | 'remediations' | 'dnsPods' | 'nodes' | 'ownNamespace'>;

export function createRest(stores: Caches, eligible: EligibleNodes, now: () => number): Rest {
  /** Until when, and what the checks of its node had shown when it was read. */
  const resting = new Map<string, { readonly until: number; readonly checks: string | null }>();

  function waitsByTheCaches(name: string, checks: string | null): boolean {
    const remediation = stores.remediations.get(name);
    if (!remediation || checksOf(remediation) !== checks) return false;
    const remediations = stores.remediations.list();
    const policies = stores.policies.list();
    const dnsPods = stores.dnsPods.list();
    return stillWaits(remediation, {
      remediations,
      slots: slotsNow(remediations, stores, eligible),
      pauseOfAll: pauseOfAll(stores),
      policy:
        policyOf(remediation, policies, labelsOf(stores.nodes, remediation.spec.node.name))?.spec ?? null,
      isStillSick: isStillSick(remediation, dnsPods),
      dnsMayServe: dnsPods.some(({ ready }) => ready),
      now: now(),
    });
  }

  const checksOf = ({ spec }: Remediation): string | null => stores.nodes.get(spec.node.name)?.checks ?? null;

  return {
    leftMs(name) {
      const rest = resting.get(name);
      const leftMs = rest === undefined ? 0 : rest.until - now();
      return rest && leftMs > 0 && waitsByTheCaches(name, rest.checks) ? leftMs : 0;
    },
    waits(remediation, recheckMs) {
      resting.set(remediation.name, { until: now() + recheckMs, checks: checksOf(remediation) });
    },
    forget: (name) => void resting.delete(name),
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
  const names = workloadsOf(settings).map(({ container }) => container);
  return pod.containers.some(
    ({ name, id, runningSince }) =>
      names.includes(name) && isDown({ ready: pod.ready, runningSince, containerID: id }),
  );
}
