/** What the answers of all pods of a workload mean together: the condition Healthy, as far as the prober knows. */
import { isAskable, isCompared, isFailing, type PodHealth, resolvesExternally } from './pod-health.ts';

/** null: there is no Service, or it was not asked yet. */
export type ServiceHealth = Pick<PodHealth, 'verdict' | 'wasHeard'> | null;

export interface Asked {
  readonly pods: readonly PodHealth[];
  readonly service: ServiceHealth;
  /** Some pod of this workload was heard by this operator before: there is a way to the pods. */
  readonly hasRoute: boolean;
}

export interface Assessment {
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason:
    | 'AllPodsAnswer'
    | 'LateLoop'
    | 'PodsDoNotAnswer'
    | 'UpstreamUnreachable'
    | 'ServiceDoesNotAnswer'
    | 'NotAsked';
  readonly message: string;
  /** The next rounds will show it. */
  readonly isPending?: true;
}

/** The first that has something to say decides. */
const RULES: readonly ((asked: Asked) => Assessment | null)[] = [
  lateLoop,
  cannotAsk,
  notCompared,
  beingChecked,
  upstreamUnreachable,
  podsDoNotAnswer,
  notAskedYet,
  serviceDoesNotAnswer,
];

export function assess(asked: Asked): Assessment {
  for (const rule of RULES) {
    const found = rule(asked);
    if (found) return found;
  }
  const total = asked.pods.length;
  const askable = asked.pods.filter(isAskable).length;
  const rest =
    askable === total ? '' : ` ${count(total - askable)} cannot be asked from where the operator runs.`;
  return {
    status: 'True',
    reason: 'AllPodsAnswer',
    message: `${askable} of ${total} DNS pods answer.${rest}`,
  };
}

function lateLoop({ pods }: Asked): Assessment | null {
  const looping = pods.filter((pod) => pod.lateLoop === 'yes');
  if (looping.length === 0) return null;
  const what =
    looping.length === 1 ? 'forwards queries to itself and does' : 'forward queries to themselves and do';
  return {
    status: 'False',
    reason: 'LateLoop',
    message: `${names(looping)} ${what} not crash, because the Corefile has no loop plugin. External names are not resolved there.`,
  };
}

/** Where several fail alike, or one that was never heard, the way to them is the more likely reason. */
function cannotAsk({ pods, hasRoute }: Asked): Assessment | null {
  const unknown = (message: string): Assessment => ({ status: 'Unknown', reason: 'NotAsked', message });
  const asked = pods.filter(({ verdict }) => verdict !== null);
  if (asked.length === 0 || asked.length < pods.length) return null;
  const askable = asked.filter(isAskable);
  if (askable.length === 0)
    return unknown(
      'The DNS pods run in the host network and do not listen on the addresses of their nodes, so that they cannot be asked from where the operator runs.',
    );
  const isMute = (pod: PodHealth): boolean => pod.outcome === 'silent' || pod.outcome === 'rejected';
  const isSilent = (pod: PodHealth): boolean => pod.outcome === 'silent';
  const hasNoWay = hasRoute ? askable.length > 1 && askable.every(isSilent) : askable.every(isMute);
  return hasNoWay
    ? unknown(
        `Nothing comes back from ${count(askable.length)}. Either DNS is down in all of them, or the operator has no way to them, for example because of a firewall on its node.`,
      )
    : null;
}

/** Whether one pod or the upstream is the reason shows only once the others were asked after it began. */
function notCompared({ pods }: Asked): Assessment | null {
  const open = pods.filter((pod) => isFailing(pod) && !isCompared(pod, pods));
  if (open.length === 0) return null;
  return {
    status: 'Unknown',
    reason: 'NotAsked',
    message: `${describe(open)} The others have not been asked since.`,
    isPending: true,
  };
}

/** Not the upstream's fault as long as it may be the node's. */
function beingChecked({ pods }: Asked): Assessment | null {
  const open = pods.filter((pod) => isFailing(pod) && pod.lateLoop === 'maybe');
  if (open.length === 0) return null;
  return {
    status: 'False',
    reason: 'PodsDoNotAnswer',
    message: `${describe(pods.filter(isFailing))} Their nodes are being checked for the cause: ${names(open)}.`,
  };
}

function upstreamUnreachable({ pods }: Asked): Assessment | null {
  const failing = pods.filter((pod) => isFailing(pod) && pod.verdict === 'external-fails');
  if (failing.length === 0 || pods.some(resolvesExternally)) return null;
  return {
    status: 'False',
    reason: 'UpstreamUnreachable',
    message: `${describe(failing)} No other one resolves external names either: the upstream resolvers do not answer. No node is changed because of that.`,
  };
}

function podsDoNotAnswer({ pods }: Asked): Assessment | null {
  const failing = pods.filter(isFailing);
  if (failing.length === 0) return null;
  return { status: 'False', reason: 'PodsDoNotAnswer', message: describe(failing) };
}

function notAskedYet({ pods }: Asked): Assessment | null {
  const open = pods.filter((pod) => pod.verdict === null || (pod.verdict === 'unsure' && isAskable(pod)));
  if (open.length === 0) return null;
  return {
    status: 'Unknown',
    reason: 'NotAsked',
    message: `Not asked yet: ${names(open)}.`,
    isPending: true,
  };
}

/** The Service passes a query on to any pod; only a failure that no pod explains is one of the Service. */
function serviceDoesNotAnswer({ service }: Asked): Assessment | null {
  if (!serviceFails(service)) return null;
  const how =
    service?.verdict === 'rejected' ? 'rejects queries, as one without endpoints does' : 'does not answer';
  return {
    status: 'False',
    reason: 'ServiceDoesNotAnswer',
    message: `All DNS pods answer, but the cluster DNS Service ${how}. Compare its selector and its EndpointSlices with the pods, and check kube-proxy.`,
  };
}

/** One that is only silent and was never heard may have no way from here: outside the cluster its address means nothing. */
export const serviceFails = (service: ServiceHealth): boolean =>
  service?.verdict === 'rejected' || (service?.verdict === 'silent' && service.wasHeard);

const FAILS = {
  'external-fails': 'DNS pods that answer for the cluster, but not for external names',
  'cluster-fails': 'DNS pods that answer for external names, but not for the cluster',
  fails: 'DNS pods that answer neither for the cluster nor for external names',
  rejected: 'DNS pods that reject queries',
  silent: 'DNS pods that do not answer',
} as const;

const MAX_NAMES = 5;

function describe(pods: readonly PodHealth[]): string {
  const sentences = Object.entries(FAILS).flatMap(([verdict, text]) => {
    const these = pods.filter((pod) => pod.verdict === verdict);
    return these.length === 0 ? [] : [`${text}: ${names(these)}.`];
  });
  return sentences.join(' ');
}

function names(pods: readonly PodHealth[]): string {
  const first = pods.slice(0, MAX_NAMES).map(({ name }) => name);
  const rest = pods.length - first.length;
  return rest === 0 ? first.join(', ') : `${first.join(', ')} and ${rest} more`;
}

const count = (pods: number): string => `${pods} DNS ${pods === 1 ? 'pod' : 'pods'}`;
