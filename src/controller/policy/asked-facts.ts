/** What the prober found of the pods of a policy, as its status shows it. */
import { PROBER_OFF } from '../../api/policy.ts';
import { assess, serviceFails } from '../../health/assess.ts';
import { answers, isAskable } from '../../health/pod-health.ts';
import type { Series } from '../../health/series.ts';
import type { Policy } from '../../observe/custom-resources.ts';
import type { OwnedPod } from '../../observe/ownership.ts';
import type { AskedFacts } from '../../remediation/policy/facts.ts';
import type { PodHealths } from '../prober/pod-healths.ts';
import type { Probes } from '../prober/probes.ts';

interface Sources {
  readonly probes: Probes;
  readonly healths: PodHealths;
}

/** null: the prober is off. */
export function askedFacts(
  { uid, spec }: Policy,
  all: readonly OwnedPod[],
  { probes, healths }: Sources,
): AskedFacts | null {
  if (spec.prober.intervalSeconds === PROBER_OFF) return null;
  const pods = healths(all);
  const services = probes.servicesOf(uid);
  const service = services.find(serviceFails) ?? services[0] ?? null;
  const assessment = assess({ pods, service, hasRoute: probes.hasRoute(uid) });
  return {
    ...assessment,
    isPending: assessment.isPending === true,
    answering: pods.filter(answers).length,
    looping: pods.filter(({ lateLoop }) => lateLoop === 'yes').length,
    notAskable: pods.filter((pod) => pod.verdict !== null && !isAskable(pod)).length,
    service: serviceState(service),
    lastRound: probes.lastRound(uid),
  };
}

function serviceState(service: Series | null): AskedFacts['service'] {
  if (service === null || service.verdict === 'unsure') return 'NotAsked';
  if (serviceFails(service)) return 'DoesNotAnswer';
  return service.wasHeard ? 'Answers' : 'NotAsked';
}
