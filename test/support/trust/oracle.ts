/**
 * What may begin, by rules of its own: from what happened in the random cluster, never from what the operator recorded as its
 * reason. `surely` blocks: whoever begins all the same breaks a promise. `perhaps` also has what only may block: whoever waits
 * without any of these should have begun.
 */
import type { DnsPodView } from '../../../src/remediation/world.ts';
import type { Incident } from './incident.ts';
import { POLICIES, type PolicyIndex, WINDOWS } from './script.ts';
import type { TrustWorld } from './world.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

export interface Blockers {
  readonly surely: readonly string[];
  readonly perhaps: readonly string[];
}

export function blockers(world: TrustWorld, incident: Incident): Blockers {
  const surely: string[] = [];
  const perhaps: string[] = [];
  for (const { name, holds } of RULES) {
    const answer = holds(world, incident);
    if (answer === 'yes') surely.push(name);
    if (answer !== 'no') perhaps.push(name);
  }
  return { surely, perhaps };
}

type Answer = 'yes' | 'perhaps' | 'no';
interface Rule {
  readonly name: string;
  readonly holds: (world: TrustWorld, incident: Incident) => Answer;
}

const answer = (surely: boolean, perhaps = surely): Answer => (surely ? 'yes' : perhaps ? 'perhaps' : 'no');

export const RULES: readonly Rule[] = [
  { name: 'mode', holds: (world, { node }) => answer(modeOf(world, node.script.policy) === 'Observe') },
  { name: 'excluded', holds: (world, { node }) => answer(world.api.view(node.name).excluded) },
  { name: 'not-ready', holds: (world, { node }) => answer(!world.api.view(node.name).ready) },
  { name: 'paused', holds: (world, { node }) => answer(isPaused(world, node.script.policy)) },
  { name: 'window', holds: windowClosed },
  { name: 'unapproved', holds: unapproved },
  { name: 'perNode', holds: tooOftenOnNode },
  { name: 'perHour', holds: tooOftenInHour },
  { name: 'coolDown', holds: cooling },
  { name: 'backOff', holds: backingOff },
  { name: 'breaker', holds: breakerOpen },
  { name: 'canary', holds: canaryWatched },
  { name: 'held', holds: (world, { node }) => answer(world.api.isMarked(node.name)) },
  { name: 'last-pod', holds: takesTheLastPod },
  { name: 'control-plane', holds: secondControlPlane },
  { name: 'slots', holds: noSlot },
];

const modeOf = (world: TrustWorld, policy: PolicyIndex) => world.policies[policy].spec.mode;
const limitsOf = (world: TrustWorld, { node }: Incident) => world.policies[node.script.policy].script;

export function isPaused(world: TrustWorld, policy: PolicyIndex): boolean {
  const { pause } = world.policies[policy].spec;
  return (
    world.pauseOfAll !== null ||
    pause.some(({ until }) => until === undefined || Date.parse(until) > world.now)
  );
}

function windowClosed(world: TrustWorld, incident: Incident): Answer {
  const { window, urgent } = limitsOf(world, incident);
  if (WINDOWS[window].isOpen(world.now)) return 'no';
  if (urgent === 'Wait') return 'yes';
  const pods = world.pods(incident.node.script.policy);
  return answer(
    pods.some((pod) => serves(pod, world.now)),
    pods.some((pod) => mayServe(pod)),
  );
}

function unapproved(world: TrustWorld, incident: Incident): Answer {
  if (modeOf(world, incident.node.script.policy) !== 'Approve') return 'no';
  const { plan, approval } = incident.status;
  const { approved, rejected } = incident.answers;
  return answer(!plan || approved?.hash !== plan.hash || approval?.hash !== plan.hash || rejected !== null);
}

/** What began and still counts; `surely` only what was not given up before anything was done. */
function began(world: TrustWorld, of: (incident: Incident) => boolean, after: number) {
  const all = world.incidents
    .filter(of)
    .flatMap((incident) => incident.beginnings.map((beginning) => ({ incident, ...beginning })))
    .filter(({ at }) => at > after);
  return { surely: all.filter(({ stoodBack }) => !stoodBack), perhaps: all };
}

function tooOftenOnNode(world: TrustWorld, incident: Incident): Answer {
  const { perNode } = limitsOf(world, incident);
  if (perNode === null) return 'no';
  const { surely, perhaps } = began(
    world,
    (other) => other !== incident && other.node === incident.node,
    world.now - DAY,
  );
  return answer(surely.length >= perNode, perhaps.length >= perNode);
}

function tooOftenInHour(world: TrustWorld, incident: Incident): Answer {
  const { perHour } = limitsOf(world, incident);
  if (perHour === null) return 'no';
  const { surely, perhaps } = began(world, sameRollout(incident), world.now - HOUR);
  return answer(surely.length >= perHour, perhaps.length >= perHour);
}

const sameRollout = (incident: Incident) => (other: Incident) =>
  other !== incident && other.node.script.policy === incident.node.script.policy;

function ends(world: TrustWorld, of: (incident: Incident) => boolean) {
  const all = world.incidents.filter((one) => of(one) && one.endedAt !== null && one.beginnings.length > 0);
  const surely = all.filter((one) => one.beginnings.some(({ stoodBack }) => !stoodBack));
  const times = (some: readonly Incident[]) => some.map(({ endedAt }) => endedAt ?? 0);
  return { surely: times(surely), perhaps: times(all) };
}

function cooling(world: TrustWorld, incident: Incident): Answer {
  const { coolDownSeconds } = limitsOf(world, incident);
  if (coolDownSeconds === 0) return 'no';
  const { surely, perhaps } = ends(world, sameRollout(incident));
  const isYoung = (end: number) => end + coolDownSeconds * 1000 > world.now;
  return answer(surely.some(isYoung), perhaps.some(isYoung));
}

function backingOff(world: TrustWorld, incident: Incident): Answer {
  const { backOffSeconds } = limitsOf(world, incident);
  if (backOffSeconds === 0) return 'no';
  const waits = (all: readonly number[]) => {
    const last = Math.max(...all);
    const count = all.filter((end) => end > last - DAY).length;
    return all.length > 0 && last + Math.min(DAY, backOffSeconds * 1000 * 2 ** (count - 1)) > world.now;
  };
  const { surely, perhaps } = ends(world, (other) => other !== incident && other.node === incident.node);
  return answer(waits(surely), waits(perhaps));
}

/** The kubelet was restarted, and nothing shows that the node is well. Proven, it is not the fault of the repair that no pod could be asked. */
const wentWrong = ({ status, job, isProven }: Incident): boolean =>
  status.phase === 'RolledBack' ||
  (status.phase === 'Failed' && job.restarts > 0 && (!isProven || status.reason === 'VerificationFailed'));
const perhapsWrong = ({ status, job }: Incident): boolean =>
  status.phase === 'RolledBack' || (status.phase === 'Failed' && job.started > 0);

function breakerOpen(world: TrustWorld, incident: Incident): Answer {
  const { failures, windowMinutes, watchSeconds } = limitsOf(world, incident);
  const counts = (time: number | null) =>
    windowMinutes === null || (time ?? 0) + windowMinutes * 60_000 > world.now;
  const own = world.incidents.filter(
    (one) => one.node.script.policy === incident.node.script.policy && !one.acknowledged,
  );
  const relapsed = own.filter((one) => relapses(world, one, watchSeconds)).length;
  const wrong = (of: (one: Incident) => boolean) =>
    own.filter((one) => of(one) && counts(one.endedAt)).length;
  return answer(wrong(wentWrong) >= failures, wrong(perhapsWrong) + relapsed >= failures);
}

/** A healed node whose DNS pod failed again while it might have been watched. */
function relapses(world: TrustWorld, one: Incident, watchSeconds: number): boolean {
  const { endedAt, node } = one;
  return (
    endedAt !== null &&
    one.status.phase === 'Healed' &&
    world.incidents.some((other) => {
      const after = other.remediation.createdAt - endedAt;
      return other !== one && other.node === node && after >= 0 && after <= watchSeconds * 1000;
    })
  );
}

/** When one began, or now: another repair had changed a node and healed it, and none went wrong since. */
function isShown(world: TrustWorld, incident: Incident, time: number): boolean {
  const own = world.incidents.filter(sameRollout(incident));
  const wrongEnds = own.filter(perhapsWrong).map(({ endedAt }) => endedAt ?? 0);
  const lastWrong = Math.max(0, ...wrongEnds.filter((end) => end <= time));
  return own.some(
    ({ status, changed, endedAt }) =>
      status.phase === 'Healed' &&
      changed &&
      endedAt !== null &&
      endedAt <= time &&
      endedAt > Math.max(time - DAY, lastWrong),
  );
}

function canaryWatched(world: TrustWorld, incident: Incident): Answer {
  const { watchSeconds } = limitsOf(world, incident);
  const watched = world.incidents.filter(
    (one) =>
      sameRollout(incident)(one) &&
      one.status.phase === 'Healed' &&
      one.changed &&
      !one.acknowledged &&
      (one.endedAt ?? 0) + watchSeconds * 1000 > world.now,
  );
  return answer(
    watched.some((one) => !isShown(world, one, one.beginnings[0]?.at ?? 0)),
    watched.length > 0,
  );
}

/** By the times of the pods, as people see them. */
const mayServe = (pod: DnsPodView): boolean => pod.ready && pod.runningSince !== null && !pod.deleting;
export const serves = (pod: DnsPodView, now: number): boolean =>
  mayServe(pod) && now - (pod.runningSince ?? now) >= 10_000;

function takesTheLastPod(world: TrustWorld, incident: Incident): Answer {
  const pods = world.pods(incident.node.script.policy);
  const here = pods.filter(({ node }) => node === incident.node.name);
  const busy = underRepair(world, incident).map(({ node }) => node.name);
  const isSafe = pods.some(
    (pod) => pod.node !== incident.node.name && !busy.includes(pod.node) && serves(pod, world.now),
  );
  if (isSafe) return 'no';
  return answer(
    here.some((pod) => serves(pod, world.now)),
    here.some(mayServe),
  );
}

/** Also while their node is still held. */
export const underRepair = (world: TrustWorld, except?: Incident): readonly Incident[] =>
  world.incidents.filter((one) => one !== except && takesPlace(one));
const takesPlace = ({ status }: Incident): boolean =>
  status.quarantine?.heldSince !== undefined ||
  !['Pending', 'Planning', 'AwaitingApproval', ...OUTCOMES].includes(status.phase);
const OUTCOMES = [
  'Healed',
  'Planned',
  'Refused',
  'RolledBack',
  'Failed',
  'Expired',
  'Superseded',
  'Cancelled',
];

function secondControlPlane(world: TrustWorld, incident: Incident): Answer {
  const { controlPlane } = incident.node.script;
  return answer(controlPlane && underRepair(world, incident).some(({ node }) => node.script.controlPlane));
}

/** How many may be under repair at once, with this one. */
export function places(world: TrustWorld, incident: Incident): number {
  return isShown(world, incident, world.now) ? world.slots(incident.node.script.policy) : 1;
}

function noSlot(world: TrustWorld, incident: Incident): Answer {
  return answer(underRepair(world, incident).length >= places(world, incident));
}

/** Everything that could keep an incident waiting, for a message. */
export const describePolicies = (world: TrustWorld): string =>
  POLICIES.map((index) => JSON.stringify(world.policies[index].script)).join(' ');
