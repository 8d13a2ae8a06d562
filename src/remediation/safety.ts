/** May we act now? Guards in the order of safety, each with a named reason that becomes a condition, an event and a metric. */
import { FINAL_PHASES } from '../api/remediation.ts';
import { holdsNode } from './facts.ts';
import { end, pass, type Verdict, wait } from './verdict.ts';
import type { DnsPodView, Remediation, Situation } from './world.ts';

/**
 * The first repair under a policy is alone, whatever `limits.maxConcurrent` says: where every node has the
 * same fault, a guard that counts unhealthy nodes would stop all of them or none.
 */
const CANARY_SLOTS = 1;
/** An incident that could not begin for this long is given up; a pod that still loops makes a new one. */
const PENDING_LIMIT_MS = 60 * 60_000;
/** A pod that has run for this long after its crash recovered; a looping CoreDNS lives a second, seldom thirty. */
const RECOVERED_AFTER_MS = 35_000;
/** Waits end by a change in the cluster; this is the belt. */
const RECHECK_MS = 5_000;

type Guard = (situation: Situation) => Verdict;

/** Why a repair may not begin, or `pass`. */
export function mayBegin(situation: Situation): Verdict {
  for (const guard of GUARDS) {
    const verdict = guard(situation);
    if (verdict.kind !== 'pass') return verdict;
  }
  return pass;
}

const cancelled = (reason: string, message: string): Verdict =>
  end({ phase: 'Cancelled', reason, message, hold: false });

const policyAllows: Guard = ({ policy }) => {
  if (!policy) return cancelled('PolicyDeleted', 'The policy is gone; nothing was touched.');
  if (policy.mode === 'Observe')
    return cancelled('ObserveOnly', 'The policy only observes now; nothing was touched.');
  return pass;
};

const nodeExists: Guard = ({ world }) =>
  world.node ? pass : cancelled('NodeGone', 'The node no longer exists, or another one has its name.');

const nodeIsOurs: Guard = ({ world }) =>
  world.node?.excluded
    ? cancelled('NodeExcluded', 'The node carries the label dnshealth.io/exclude=true.')
    : pass;

/** On a managed platform the node's files are the provider's; a local change is undone or counts as drift. */
const platformIsMutable: Guard = ({ world }) => {
  const managed = world.node?.managedPlatform;
  if (!managed) return pass;
  return end({
    phase: 'Refused',
    reason: 'ManagedPlatform',
    message: `The node is managed by ${managed.platform}, which owns the kubelet configuration.`,
    advice: managed.advice,
    hold: false,
  });
};

/** The evidence may be overtaken while the incident waits for its turn. */
const stillSick: Guard = ({ remediation, world, now }) => {
  const pod = world.dnsPods.find((candidate) => candidate.uid === remediation.spec.sighting.pod.uid);
  if (!pod)
    return cancelled('PodGone', 'The pod that looped is gone; a successor that loops is a new incident.');
  if (pod.ready && pod.runningSince !== null && now - pod.runningSince >= RECOVERED_AFTER_MS)
    return cancelled('Recovered', `Pod ${pod.name} serves again without a repair.`);
  if (now - remediation.createdAt > PENDING_LIMIT_MS)
    return cancelled('WaitedTooLong', 'The repair could not begin within an hour.');
  return pass;
};

/** Stop at the first failure that a person has not looked at: the next node would likely fail alike. */
const rolloutGoesOn: Guard = ({ remediation, world }) => {
  const failed = world.remediations.find((other) => haltsRollout(other, remediation.spec.policy.uid));
  if (!failed) return pass;
  return wait(
    'RolloutHalted',
    `Remediation ${failed.name} failed. Look at it, then: kubectl annotate dnsrem ${failed.name} dnshealth.io/acknowledged=true`,
    RECHECK_MS,
  );
};

/** A failure that stops further repairs under its policy until it is acknowledged. */
export function haltsRollout(remediation: Remediation, policyUID: string): boolean {
  return (
    remediation.spec.policy.uid === policyUID &&
    remediation.status.phase === 'Failed' &&
    remediation.status.quarantine !== undefined &&
    !remediation.acknowledged
  );
}

const hasSlot: Guard = ({ remediation, world }) => {
  const healedBefore = world.remediations.some(
    (other) => other.spec.policy.uid === remediation.spec.policy.uid && other.status.phase === 'Healed',
  );
  const slots = healedBefore ? remediation.spec.settings.limits.maxConcurrent : CANARY_SLOTS;
  // Everybody sorts the same list the same way, so two incidents never both believe that the slot is theirs.
  const queue = world.remediations.filter(isActive).toSorted(byBegunThenAge);
  const place = queue.findIndex((other) => other.name === remediation.name);
  if (place >= 0 && place < slots) return pass;
  const ahead = queue[0]?.spec.node.name ?? 'another node';
  return wait('OtherNodeUnderRepair', `Waits for its turn: ${ahead} is first.`, RECHECK_MS);
};

/** Takes a slot: not over yet, or over with its node still held. */
function isActive(remediation: Remediation): boolean {
  return (
    !FINAL_PHASES.includes(remediation.status.phase) || remediation.status.quarantine?.heldSince !== undefined
  );
}

function byBegunThenAge(a: Remediation, b: Remediation): number {
  const begun = (remediation: Remediation) => (remediation.status.quarantine === undefined ? 1 : 0);
  return begun(a) - begun(b) || a.createdAt - b.createdAt || (a.name < b.name ? -1 : 1);
}

const nodeIsFree: Guard = (situation) => {
  if (situation.world.node?.hasUnreadableRecord)
    return wait(
      'NodeHeld',
      'The node carries an annotation dnshealth.io/quarantine that cannot be read. Remove it if nobody holds the node.',
      RECHECK_MS,
    );
  const holder = situation.world.node?.quarantine;
  if (!holder || holdsNode(situation)) return pass;
  return wait('NodeHeld', `The node is still held by ${holder.remediation}.`, RECHECK_MS);
};

const nodeIsReady: Guard = ({ world }) =>
  world.node?.ready
    ? pass
    : wait('NodeNotReady', 'The node is not Ready, so no Job could start there.', RECHECK_MS);

/**
 * A kubelet restart makes every probed pod of the node unready until its next probe (kubelets before 1.35),
 * so a node with the last serving DNS pod waits; where no DNS pod serves at all there is nothing to lose.
 */
const dnsSurvives: Guard = ({ world }) => {
  const serving = world.dnsPods.filter(serves);
  if (serving.length === 0 || serving.some((pod) => pod.node !== world.node?.name)) return pass;
  return wait(
    'LastServingPod',
    'The only DNS pods that serve run on this node; restarting its kubelet would take them out.',
    RECHECK_MS,
  );
};

const serves = (pod: DnsPodView): boolean => pod.ready && !pod.deleting && pod.runningSince !== null;

const GUARDS: readonly Guard[] = [
  policyAllows,
  nodeExists,
  nodeIsOurs,
  platformIsMutable,
  stillSick,
  rolloutGoesOn,
  nodeIsFree,
  hasSlot,
  nodeIsReady,
  dnsSurvives,
];
