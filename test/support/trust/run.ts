/** Plays a random cluster from its script to a quiet end, and collects every promise that was broken on the way. */
import type { QuarantineRecord } from '../../../src/api/quarantine-record.ts';
import type { Incident } from './incident.ts';
import { blockers, serves, underRepair } from './oracle.ts';
import type { TrustEvent, TrustScript } from './script.ts';
import { POLICIES } from './script.ts';
import { type TrustNode, TrustWorld } from './world.ts';

const TICK_MS = 1_000;
/** The last look before the first container of a Job runs, and one reconcile. */
const SLACK_MS = 30_000;
/** Longer than the longest limits with all nodes behind each other, in steps of a second or of a quarter of an hour. */
const MANY_ATTEMPTS = 2;
const MANY_STEPS = 2_500;

export interface Played {
  readonly states: number;
  readonly broken: readonly string[];
}

export async function play(script: TrustScript): Promise<Played> {
  const world = new TrustWorld(script);
  const broken: string[] = [];
  const note = (what: string): void => {
    if (broken.length < 5) broken.push(what);
  };
  /** What was so when everything that could be done was done; what changed since then nobody could know. */
  let safeAt = 0;
  world.watcher = {
    begins(incident) {
      const { surely } = blockers(world, incident);
      if (surely.length > 0) note(`${incident.remediation.name} begins in spite of: ${surely.join(', ')}`);
      incident.beginnings.push({ at: world.now, stoodBack: false });
    },
    restarts(incident) {
      if (safeAt < world.graceMs) return;
      const { script: of, name } = incident.node;
      const busy = underRepair(world, incident).map(({ node }) => node.name);
      const serving = world.pods(of.policy).filter((pod) => serves(pod, world.now));
      const isSafe =
        serving.every((pod) => pod.node !== name) ||
        serving.some((pod) => pod.node !== name && !busy.includes(pod.node));
      if (!isSafe) note(`${incident.remediation.name} takes down the last serving DNS pod`);
    },
    settled() {
      safeAt = world.graceMs;
      checkMarks(world, note);
      checkWaits(world, note);
    },
  };
  await world.settle();
  for (const event of script.events) {
    await happen(world, event);
    await world.settle();
  }
  await endQuietly(world, note);
  return { states: world.states, broken };
}

/** Foreign marks are there, and no node is held for longer than it may be. */
function checkMarks(world: TrustWorld, note: (what: string) => void): void {
  for (const { name, cordoned, tainted } of world.nodes) {
    const { api } = world;
    const record = api.view(name).quarantine;
    if (cordoned && !api.isCordoned(name)) note(`${name} lost the cordon of a person`);
    if (tainted && !api.isTainted(name, 'example.com/drain')) note(`${name} lost the taint of a person`);
    if (!api.hasForeignAnnotation(name)) note(`${name} lost an annotation of someone`);
    if (record === null && (api.hasOurTaint(name) || (api.isCordoned(name) && !cordoned)))
      note(`${name} is still out of scheduling after its release`);
    const heldMs = record === null ? 0 : world.now - Date.parse(record.since);
    if (heldMs > capOf(world, record) + world.graceMs + SLACK_MS) note(`${name} is held for ${heldMs} ms`);
  }
}

/** Whoever waits for these may be out of date by the time they are over. */
const OF_ITSELF = new Set(['NodeNotReady', 'LastServingPod', 'NodeHeld', 'NodeCordoned', 'AwaitingRetry']);

/** By the settings that the incident was claimed with. A record that is gone holds nothing. */
function capOf({ incidents }: TrustWorld, mark: QuarantineRecord | null): number {
  const holder = incidents.find(({ remediation }) => remediation.name === mark?.remediation);
  return (holder?.remediation.spec.settings.quarantine.maxSeconds ?? 0) * 1000;
}

/** Whoever waits has a reason that is true, and says it. */
function checkWaits(world: TrustWorld, note: (what: string) => void): void {
  for (const { status, waits, remediation } of world.incidents)
    if (status.reason === 'WaitedTooLong' && [...waits].every((reason) => !OF_ITSELF.has(reason)))
      note(
        `${remediation.name} waited for others only (${[...waits].join(', ')}), and was cancelled for that`,
      );
  for (const incident of world.open) {
    const { status, verdict, remediation } = incident;
    if (status.phase !== 'Pending' || verdict?.kind !== 'wait' || status.nextAttempt !== undefined) continue;
    if (!status.message) note(`${remediation.name} does not say why it waits`);
    if (blockers(world, incident).perhaps.length === 0)
      note(`${remediation.name} could begin and waits: ${status.reason} ${status.message}`);
  }
}

async function happen(world: TrustWorld, event: TrustEvent): Promise<void> {
  const one = (index: number): TrustNode => world.nodes[index % world.nodes.length] as TrustNode;
  const last = (index: number): Incident | undefined =>
    world.incidents.findLast(({ node }) => node === one(index));
  switch (event.kind) {
    case 'crash':
      return world.crash(one(event.node));
    case 'wait':
      return elapse(world, event.ms);
    case 'cordon':
    case 'uncordon': {
      const node = one(event.node);
      const cordoned = event.kind === 'cordon';
      // On a node that is cordoned `kubectl cordon` writes nothing, so that nobody can tell whose it is.
      if (cordoned && world.api.isCordoned(node.name)) return;
      world.api.cordonByPerson(node.name, cordoned);
      node.cordoned = cordoned;
      return;
    }
    case 'taint':
    case 'untaint': {
      const node = one(event.node);
      node.tainted = event.kind === 'taint';
      return world.api.taintByPerson(node.name, node.tainted);
    }
    case 'ready':
    case 'not-ready':
      return world.api.setReady(one(event.node).name, event.kind === 'ready');
    case 'exclude':
    case 'include':
      return world.api.exclude(one(event.node).name, event.kind === 'exclude');
    case 'changed-node': {
      const node = one(event.node);
      node.file += 1;
      return world.api.reboot(node.name);
    }
    case 'approve':
      return approve(last(event.node));
    case 'reject': {
      const incident = last(event.node);
      if (incident) incident.answers = { approved: null, rejected: { reason: 'not now', by: 'anna' } };
      return;
    }
    case 'delete-record': {
      const incident = last(event.node);
      return incident && world.deleteRecord(incident);
    }
    case 'acknowledge':
      return acknowledge(world);
    case 'dns-elsewhere':
      return world.setServesElsewhere(!world.servesElsewhere);
    case 'pause-all':
      world.pauseOfAll = { reason: 'an incident', by: 'anna' };
      return;
    case 'resume-all':
      world.pauseOfAll = null;
      return;
    case 'pause': {
      const until =
        event.seconds === null ? {} : { until: new Date(world.now + event.seconds * 1000).toISOString() };
      return world.setPause(event.policy, [{ reason: 'a release', by: 'anna', ...until }]);
    }
    case 'resume':
      return world.setPause(event.policy, []);
    case 'policy':
      return world.setPolicy(event.policy, event.settings);
    case 'operator-killed':
      return world.operatorStartsAgain();
    case 'operator-away':
      for (let passed = 0; passed < event.ms; passed += 10 * TICK_MS) world.pass(10 * TICK_MS);
      world.graceMs += event.ms;
      return world.operatorStartsAgain();
    case 'clock':
      world.now += event.ms;
      world.graceMs += Math.abs(event.ms);
      return;
  }
}

const approve = (incident: Incident | undefined): void => {
  const hash = incident?.status.plan?.hash;
  if (incident && hash !== undefined) incident.answers = { approved: { hash, by: 'anna' }, rejected: null };
};

function acknowledge(world: TrustWorld): void {
  for (const one of world.incidents) if (one.endedAt !== null) one.acknowledged = true;
}

/** In small steps while something goes on, in large ones while everybody waits. */
async function elapse(world: TrustWorld, ms: number): Promise<void> {
  for (let left = ms; left > 0; ) {
    const step = Math.min(left, world.isBusy ? TICK_MS : Math.max(TICK_MS, Math.floor(left / 4)));
    world.pass(step);
    left -= step;
    await world.settle();
  }
}

/** Whatever keeps incidents waiting is taken away, except for limits; then all of them end, and every node is as it was. */
async function endQuietly(world: TrustWorld, note: (what: string) => void): Promise<void> {
  world.pauseOfAll = null;
  if (!world.servesElsewhere) world.setServesElsewhere(true);
  for (const index of POLICIES) {
    world.setPause(index, []);
    const { script } = world.policies[index];
    world.setPolicy(index, { ...script, window: script.window === 'never' ? 'always' : script.window });
  }
  for (const { name } of world.nodes) world.api.setReady(name, true);
  for (let steps = 0; steps < MANY_STEPS && (world.open.length > 0 || world.isBusy); steps += 1) {
    acknowledge(world);
    for (const incident of world.open) approve(incident);
    // Otherwise it would be tried for ever.
    for (const { node, status } of world.open)
      if (status.attempts.length > MANY_ATTEMPTS) world.recover(node);
    world.pass(world.isBusy ? TICK_MS : 900_000);
    await world.settle();
  }
  for (const { remediation, status } of world.open)
    note(`${remediation.name} never ends: ${status.phase} ${status.reason} ${status.message}`);
  for (const { name } of world.nodes) if (world.api.isMarked(name)) note(`${name} is held for ever`);
}
