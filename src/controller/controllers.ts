/** The table of what wakes whom: every controller, what it watches, and which keys a change concerns. */

import type { Policy } from '../observe/custom-resources.ts';
import type { NodeFacts } from '../observe/node-facts.ts';
import type { Reflectors } from '../observe/reflectors.ts';
import type { WatchedNode } from '../observe/watched-node.ts';
import { isUnderRepair } from '../remediation/facts.ts';
import { sameLabels } from '../remediation/scope/node-selector.ts';
import { concernedBy, concernedByNode, concernedByPod, isOpen, pendingOn } from '../remediation/wake.ts';
import type { Remediation } from '../remediation/world.ts';
import { type Controller, watch } from '../runtime/controller.ts';
import type { Change } from '../runtime/reflector/store.ts';
import { slotsNow } from './dns-pods/slots-now.ts';
import { INSPECTIONS } from './files/inspection-controller.ts';
import { mayOutdate } from './nodes/circumstances.ts';
import { DRIFTS } from './nodes/drift-controller.ts';
import type { EligibleNodes } from './nodes/eligible-nodes.ts';
import type { KnownNodes } from './nodes/known-nodes.ts';
import { ALL } from './nodes/look-controller.ts';
import type { Schedule } from './nodes/schedule.ts';
import { TURN } from './nodes/turn-controller.ts';
import { concernsTable, type NodeTable, TABLE } from './policy/node-table.ts';
import { FRESH, URGENT } from './priorities.ts';
import type { LateLoops } from './prober/late-loops.ts';
import type { Probes } from './prober/probes.ts';
import type { Sightings } from './sighting/sightings.ts';

type Reconcile = Controller['reconcile'];

interface Reconcilers {
  readonly sighting: Reconcile;
  readonly remediation: Reconcile;
  readonly policy: Reconcile;
  readonly nodeTable: Reconcile;
  readonly prober: Reconcile;
  readonly lateLoop: Reconcile;
  readonly rollback: Reconcile;
  readonly orphan: Reconcile;
  readonly excludeLabel: Reconcile;
  readonly history: Reconcile;
  readonly nodeLook: Reconcile;
  readonly nodeTurn: Reconcile;
  readonly nodeState: Reconcile;
  readonly inspection: Reconcile;
  readonly drift: Reconcile;
  readonly planRequest: Reconcile;
}

/** The name of a controller is also that of its queue in metrics and log lines. */
export function controllerTable(
  reflectors: Reflectors,
  found: {
    readonly sightings: Sightings;
    readonly probes: Probes;
    readonly lateLoops: LateLoops;
    readonly nodeTable: NodeTable;
    readonly known: KnownNodes;
    readonly schedule: Schedule;
    readonly eligible: EligibleNodes;
  },
  reconcile: Reconcilers,
): readonly Controller[] {
  const { policies, remediations, dnsPods, jobs, agentPods, nodes, nodeMarks, kubeletStarts, ownNamespace } =
    reflectors;
  const allPolicies = () => policies.keys();
  /** Also those whose spec is not valid: their status says so. */
  const everyPolicy = () => [...policies.keys(), ...policies.malformedKeys()];
  const allPods = () => dnsPods.keys();
  const podsOn = (node: string) =>
    dnsPods.list().flatMap((pod) => (pod.node === node ? [`${pod.namespace}/${pod.name}`] : []));
  const openOn = (node: string) =>
    namesOf(remediations.list().filter((one) => one.spec.node.name === node && isOpen(one)));
  const open = () => namesOf(remediations.list().filter(isOpen));

  const incidentsOfPod = (key: string) => {
    const pod = dnsPods.get(key);
    return pod ? namesOf(concernedByPod(pod, remediations.list())) : [];
  };

  const plannedOn = (node: string) => namesOf(concernedByNode(node, remediations.list()));

  const othersConcerned = (change: Change<Remediation>) =>
    concernedBy(
      change.kind === 'added' ? null : change.kind === 'modified' ? change.old : change.object,
      change.kind === 'deleted' ? null : change.object,
      remediations.list(),
      () => slotsNow(remediations.list(), reflectors, found.eligible),
    );

  return [
    {
      name: 'sighting',
      watches: [
        watch(dnsPods, (change) => change.key, FRESH),
        // Only for a new spec: the status is written by the operator itself, and often.
        watch(policies, (change) => (isNewSpec(change) ? allPods() : [])),
        // A crash that happened while its node had an incident is considered again when that one ends.
        watch(remediations, (change) => podsOn(change.object.spec.node.name)),
        // Other labels: another policy may select the node, or none.
        watch(nodes, (change) => (isRelabelled(change) ? podsOn(change.key) : [])),
      ],
      reconcile: reconcile.sighting,
    },
    {
      name: 'remediation',
      watches: [
        watch(remediations, ({ key, object }) => (isUnderRepair(object) ? key : []), URGENT),
        watch(remediations, (change) => [change.key, ...namesOf(othersConcerned(change))], FRESH),
        watch(jobs, ({ object }) => incidentOf(object), URGENT),
        watch(agentPods, ({ object }) => incidentOf(object), URGENT),
        watch(dnsPods, ({ object }) => namesOf(concernedByPod(object, remediations.list())), FRESH),
        watch(found.probes, ({ key }) => incidentsOfPod(key)),
        watch(nodeMarks, (change) => change.object.record?.remediation ?? []),
        watch(nodes, (change) =>
          saysSomethingElse(change)
            ? [...namesOf(pendingOn(change.key, remediations.list())), ...plannedOn(change.key)]
            : [],
        ),
        // What may make a plan outdated that waits for its approval, like the change of a check above.
        watch(found.known, (change) => (wasRebooted(change) ? plannedOn(change.key) : [])),
        watch(kubeletStarts, ({ object }) => plannedOn(object.node)),
        watch(policies, (change) => (isNewSpec(change) ? open() : [])),
        watch(ownNamespace, open),
        watch(nodes, (change) => (isRelabelled(change) ? openOn(change.key) : [])),
      ],
      // One at a time: whether a slot of limits.maxConcurrent is free follows from the records of the others, and two
      // decisions at once could both take it. Nothing here waits for a node, so the nodes are repaired side by side.
      concurrency: 1,
      // A short maximum: deadlines must be noticed while an effect keeps failing.
      backoff: { baseMs: 500, maxMs: 15_000 },
      reconcile: reconcile.remediation,
    },
    {
      name: 'rollback',
      watches: [
        watch(remediations, (change) => change.key, FRESH),
        // Of the record of a rollback: the repair that it takes back.
        watch(remediations, ({ object: { spec } }) =>
          spec.trigger === 'Rollback' ? spec.rollback.of.name : [],
        ),
      ],
      reconcile: reconcile.rollback,
    },
    {
      name: 'policy',
      watches: [
        // One whose spec has just become invalid leaves the store.
        watch(policies, (change) => [change.key, ...everyPolicy()]),
        watch(remediations, everyPolicy),
        watch(dnsPods, everyPolicy),
        watch(found.sightings, everyPolicy),
        watch(found.probes, everyPolicy),
        watch(found.lateLoops, everyPolicy),
        watch(nodeMarks, everyPolicy),
        watch(ownNamespace, everyPolicy),
        watch(found.nodeTable, everyPolicy),
      ],
      reconcile: reconcile.policy,
    },
    {
      name: 'node-table',
      watches: [
        watch(nodes, (change) => (concernsTable(change) ? TABLE : [])),
        watch(policies, (change) => (isNewSpec(change) ? TABLE : [])),
      ],
      reconcile: reconcile.nodeTable,
    },
    {
      name: 'prober',
      watches: [
        watch(policies, (change) => (isNewSpec(change) ? change.key : [])),
        watch(dnsPods, allPolicies),
      ],
      // One question after the other, over all policies: the pace is the limit.
      concurrency: 1,
      reconcile: reconcile.prober,
    },
    {
      name: 'late-loop',
      watches: [
        // Of the whole policy: what a failure means may follow from the answers of the siblings.
        watch(found.probes, ({ key, object }) => [key, ...found.probes.failing(object.policyUID)]),
        watch(dnsPods, (change) => change.key),
        watch(agentPods, (change) => found.lateLoops.keyOfCheck(change.object.name) ?? [], FRESH),
        watch(policies, (change) => (isNewSpec(change) ? found.lateLoops.keys() : [])),
        // What was not claimed because its node had an incident is considered again when that one ends.
        watch(remediations, (change) => podsOn(change.object.spec.node.name)),
      ],
      reconcile: reconcile.lateLoop,
    },
    {
      name: 'orphan',
      watches: [
        watch(nodeMarks, (change) => change.key),
        watch(remediations, (change) => (change.kind === 'deleted' ? nodeMarks.keys() : [])),
      ],
      reconcile: reconcile.orphan,
    },
    {
      name: 'exclude-label',
      watches: [watch(nodeMarks, (change) => change.key)],
      reconcile: reconcile.excludeLabel,
    },
    {
      name: 'node-look',
      watches: [
        watch(policies, (change) => (isNewSpec(change) ? ALL : [])),
        // At first all are new, and looked at together.
        watch(nodes, (change) =>
          needsALook(change) ? (found.known.keys().length > 0 ? change.key : ALL) : [],
        ),
      ],
      reconcile: reconcile.nodeLook,
    },
    {
      name: 'node-turn',
      watches: [
        watch(found.schedule, () => TURN),
        watch(agentPods, ({ object }) => (object.origin ? TURN : [])),
        watch(policies, (change) => (isNewSpec(change) ? TURN : [])),
        // By the schedule: here only so that it is started.
        watch(kubeletStarts, () => []),
      ],
      // One check after the other: the pace is the limit.
      concurrency: 1,
      reconcile: reconcile.nodeTurn,
    },
    {
      name: 'node-state',
      watches: [
        watch(agentPods, ({ object }) => (object.origin || object.inspection ? object.node : []), FRESH),
        watch(remediations, ({ object }) => object.spec.node.name),
        watch(nodes, (change) => (saysSomethingElse(change) ? change.key : [])),
        watch(policies, (change) => (isNewSpec(change) ? nodes.keys() : [])),
        watch(found.schedule, ({ key, object }) => (mayOutdate(object.why) ? key : [])),
        // Only a look shows that another program has changed or removed the condition.
        watch(found.known, (change) => (showsAnotherCondition(change) ? change.key : [])),
      ],
      reconcile: reconcile.nodeState,
    },
    {
      name: 'inspection',
      watches: [
        watch(nodes, (change) => (saysSomethingElse(change) ? INSPECTIONS : [])),
        watch(jobs, ({ object }) => (object.inspection ? INSPECTIONS : [])),
        watch(policies, (change) => (isNewSpec(change) ? INSPECTIONS : [])),
        watch(remediations, (change) => (hasJustEnded(change) ? INSPECTIONS : [])),
      ],
      // One at a time: it starts a pod with the rights of a repair.
      concurrency: 1,
      reconcile: reconcile.inspection,
    },
    {
      name: 'drift',
      watches: [
        watch(nodes, (change) => (saysSomethingElse(change) ? DRIFTS : [])),
        watch(remediations, (change) => (hasJustEnded(change) || isAcknowledged(change) ? DRIFTS : [])),
        watch(policies, (change) => (isNewSpec(change) ? DRIFTS : [])),
        // One that was not Ready is not claimed.
        watch(found.known, (change) => (isReadyNow(change) ? DRIFTS : [])),
      ],
      reconcile: reconcile.drift,
    },
    {
      name: 'plan-request',
      watches: [
        watch(policies, (change) => (change.object.planRequests === undefined ? [] : change.key), FRESH),
      ],
      reconcile: reconcile.planRequest,
    },
    {
      name: 'history',
      watches: [
        watch(policies, (change) => (isNewSpec(change) ? change.key : [])),
        watch(remediations, (change) => (hasJustEnded(change) ? policies.keys() : [])),
      ],
      reconcile: reconcile.history,
    },
  ];

  /** A node that is new, or that was not Ready when it was last seen: its metadata does not show that it is now. */
  function needsALook({ kind, key }: Change<WatchedNode>): boolean {
    return kind === 'added' || (kind === 'modified' && found.known.get(key)?.ready === false);
  }
}

/** The kubelet writes its status every few minutes, which changes nothing here. */
const saysSomethingElse = (change: Change<WatchedNode>): boolean =>
  change.kind !== 'modified' ||
  change.old.checks !== change.object.checks ||
  isRelabelled(change) ||
  change.old.mark?.exclude !== change.object.mark?.exclude;

const isRelabelled = (change: Change<WatchedNode>): boolean =>
  change.kind === 'modified' && !sameLabels(change.old.labels, change.object.labels);

const wasRebooted = (change: Change<NodeFacts>): boolean =>
  change.kind === 'modified' && change.object.bootID !== change.old.bootID;

const isReadyNow = (change: Change<NodeFacts>): boolean =>
  change.kind === 'modified' && change.object.ready && !change.old.ready;

/** A check or an inspection without an incident concerns none. */
const incidentOf = ({ remediation }: { readonly remediation: string }) => remediation || [];

const showsAnotherCondition = (change: Change<NodeFacts>): boolean =>
  change.kind !== 'modified' || change.object.says !== change.old.says;

const namesOf = (all: readonly Remediation[]): readonly string[] => all.map(({ name }) => name);

const hasJustEnded = (change: Change<Remediation>): boolean =>
  change.object.status.finishedAt !== undefined &&
  (change.kind !== 'modified' || change.old.status.finishedAt === undefined);

const isAcknowledged = (change: Change<Remediation>): boolean =>
  change.kind === 'deleted' ||
  (change.kind === 'modified' && change.object.acknowledged && !change.old.acknowledged);

const isNewSpec = (change: Change<Policy>): boolean =>
  change.kind !== 'modified' || change.object.generation !== change.old.generation;
