/** May a repair begin now? Guards in the order of safety; the reason of each becomes a condition, an event and a metric label. */
import { FINAL_PHASES } from '../api/remediation.ts';
import { RECHECK_MS } from './deadlines.ts';
import { holdsNode } from './facts.ts';
import { end, pass, type Verdict, wait } from './verdict.ts';
import type { DnsPodView, Remediation, Situation } from './world.ts';

type Guard = (situation: Situation) => Verdict;

/** The first that does not pass decides. */
const GUARDS: readonly Guard[] = [
  policyAllows,
  nodeExists,
  nodeIsNotExcluded,
  platformIsMutable,
  stillSick,
  rolloutContinues,
  nodeIsFree,
  hasSlot,
  nodeIsReady,
  dnsSurvives,
];

/**
 * The first repair under a policy is alone, whatever `limits.maxConcurrent` says: where every node has the
 * same fault, a guard that counts unhealthy nodes would stop all of them or none.
 */
const CANARY_SLOTS = 1;
/** An incident that could not begin for this long is cancelled; a pod that still loops makes a new one. */
const PENDING_LIMIT_MS = 60 * 60_000;
/** A pod that has run for this long after its crash recovered; a looping CoreDNS lives a second, seldom thirty. */
const RECOVERED_AFTER_MS = 35_000;

/** Why a repair may not begin, or `pass`. */
export function mayBegin(situation: Situation): Verdict {
  for (const guard of GUARDS) {
    const verdict = guard(situation);
    if (verdict.kind !== 'pass') return verdict;
  }
  return pass;
}

function policyAllows({ policy }: Situation): Verdict {
  if (!policy) return cancelled('PolicyDeleted', 'The policy was deleted. Nothing was changed.');
  if (policy.mode === 'Observe')
    return cancelled('ObserveOnly', 'The policy was switched to mode Observe. Nothing was changed.');
  return pass;
}

function nodeExists({ world }: Situation): Verdict {
  if (world.node) return pass;
  return cancelled('NodeGone', 'The node no longer exists, or was replaced by another one of the same name.');
}

function nodeIsNotExcluded({ world }: Situation): Verdict {
  if (!world.node?.excluded) return pass;
  return cancelled(
    'NodeExcluded',
    'The node is excluded from repairs by the label dnshealth.io/exclude=true.',
  );
}

/** On a managed platform the node's files are the provider's; a local change is undone or counts as drift. */
function platformIsMutable({ world }: Situation): Verdict {
  const managed = world.node?.managedPlatform;
  if (!managed) return pass;
  return end({
    phase: 'Refused',
    reason: 'ManagedPlatform',
    message: `The node is managed by ${managed.platform}, which owns the kubelet configuration.`,
    advice: managed.advice,
    hold: false,
  });
}

/** The evidence may be out of date by the time it is the incident's turn. */
function stillSick({ remediation, world, now }: Situation): Verdict {
  const pod = world.dnsPods.find((candidate) => candidate.uid === remediation.spec.sighting.pod.uid);
  if (!pod)
    return cancelled(
      'PodGone',
      'The pod that looped no longer exists. If its replacement loops, that is a new incident.',
    );
  if (pod.ready && pod.runningSince !== null && now - pod.runningSince >= RECOVERED_AFTER_MS)
    return cancelled('Recovered', `Pod ${pod.name} recovered without a repair.`);
  if (now - remediation.createdAt > PENDING_LIMIT_MS)
    return cancelled('WaitedTooLong', 'The repair could not begin within an hour.');
  return pass;
}

/** Stops at the first failure that was not acknowledged: the next node would probably fail in the same way. */
function rolloutContinues({ remediation, world }: Situation): Verdict {
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

function nodeIsFree(situation: Situation): Verdict {
  if (situation.world.node?.hasUnreadableRecord)
    return wait(
      'NodeHeld',
      'The annotation dnshealth.io/quarantine of the node cannot be parsed. Remove it if the node is not in quarantine.',
      RECHECK_MS,
    );
  const holder = situation.world.node?.quarantine;
  if (!holder || holdsNode(situation)) return pass;
  return wait('NodeHeld', `The node is still held by ${holder.remediation}.`, RECHECK_MS);
}

function hasSlot({ remediation, world }: Situation): Verdict {
  const healedBefore = world.remediations.some(
    (other) => other.spec.policy.uid === remediation.spec.policy.uid && other.status.phase === 'Healed',
  );
  const slots = healedBefore ? remediation.spec.settings.limits.maxConcurrent : CANARY_SLOTS;
  // All incidents sort the same list in the same way, so two of them never both believe that the slot is theirs.
  const queue = world.remediations.filter(isActive).toSorted(byBegunThenAge);
  const place = queue.findIndex((other) => other.name === remediation.name);
  if (place >= 0 && place < slots) return pass;
  const ahead = queue[0] ? `node ${queue[0].spec.node.name}` : 'another node';
  return wait('OtherNodeUnderRepair', `Waiting: ${ahead} is being repaired first.`, RECHECK_MS);
}

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

function nodeIsReady({ world }: Situation): Verdict {
  if (world.node?.ready) return pass;
  return wait('NodeNotReady', 'The node is not Ready, so the repair Job cannot start there.', RECHECK_MS);
}

/**
 * A kubelet restart makes every probed pod of the node unready until its next probe (kubelets before 1.35),
 * so a node with the last serving DNS pod waits. If no DNS pod serves at all, there is nothing to lose.
 */
function dnsSurvives({ world }: Situation): Verdict {
  const serving = world.dnsPods.filter(serves);
  if (serving.length === 0 || serving.some((pod) => pod.node !== world.node?.name)) return pass;
  return wait(
    'LastServingPod',
    'The only serving DNS pods run on this node, and restarting its kubelet would make them unready.',
    RECHECK_MS,
  );
}

const serves = (pod: DnsPodView): boolean => pod.ready && !pod.deleting && pod.runningSince !== null;

const cancelled = (reason: string, message: string): Verdict =>
  end({ phase: 'Cancelled', reason, message, hold: false });
