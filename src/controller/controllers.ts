/** The table of what wakes whom: every controller, what it watches, and which keys a change concerns. */

import type { Policy } from '../observe/custom-resources.ts';
import type { Reflectors } from '../observe/reflectors.ts';
import { isUnderRepair } from '../remediation/facts.ts';
import { concernedBy, concernedByPod, isOpen } from '../remediation/wake.ts';
import type { Remediation } from '../remediation/world.ts';
import { type Controller, watch } from '../runtime/controller.ts';
import type { Change } from '../runtime/reflector/store.ts';
import { FRESH, URGENT } from './priorities.ts';
import type { LateLoops } from './prober/late-loops.ts';
import type { Probes } from './prober/probes.ts';
import type { Sightings } from './sighting/sightings.ts';

type Reconcile = Controller['reconcile'];

interface Reconcilers {
  readonly sighting: Reconcile;
  readonly remediation: Reconcile;
  readonly policy: Reconcile;
  readonly prober: Reconcile;
  readonly lateLoop: Reconcile;
  readonly orphan: Reconcile;
  readonly excludeLabel: Reconcile;
  readonly history: Reconcile;
}

/** The name of a controller is also that of its queue in metrics and log lines. */
export function controllerTable(
  reflectors: Reflectors,
  found: { readonly sightings: Sightings; readonly probes: Probes; readonly lateLoops: LateLoops },
  reconcile: Reconcilers,
): readonly Controller[] {
  const { policies, remediations, dnsPods, jobs, agentPods, nodeMarks } = reflectors;
  const allPolicies = () => policies.keys();
  const allPods = () => dnsPods.keys();
  const podsOn = (node: string) =>
    dnsPods.list().flatMap((pod) => (pod.node === node ? [`${pod.namespace}/${pod.name}`] : []));
  const open = () => namesOf(remediations.list().filter(isOpen));

  const incidentsOfPod = (key: string) => {
    const pod = dnsPods.get(key);
    return pod ? namesOf(concernedByPod(pod, remediations.list())) : [];
  };

  const othersConcerned = (change: Change<Remediation>) =>
    concernedBy(
      change.kind === 'added' ? null : change.kind === 'modified' ? change.old : change.object,
      change.kind === 'deleted' ? null : change.object,
      remediations.list(),
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
      ],
      reconcile: reconcile.sighting,
    },
    {
      name: 'remediation',
      watches: [
        watch(remediations, ({ key, object }) => (isUnderRepair(object) ? key : []), URGENT),
        watch(remediations, (change) => [change.key, ...namesOf(othersConcerned(change))], FRESH),
        watch(jobs, (change) => change.object.remediation, URGENT),
        watch(agentPods, (change) => change.object.remediation, URGENT),
        watch(dnsPods, ({ object }) => namesOf(concernedByPod(object, remediations.list())), FRESH),
        watch(found.probes, ({ key }) => incidentsOfPod(key)),
        watch(nodeMarks, (change) => change.object.record?.remediation ?? []),
        watch(policies, (change) => (isNewSpec(change) ? open() : [])),
      ],
      // One at a time: whether a slot of limits.maxConcurrent is free follows from the records of the others, and two
      // decisions at once could both take it. Nothing here waits for a node, so the nodes are repaired side by side.
      concurrency: 1,
      // A short maximum: deadlines must be noticed while an effect keeps failing.
      backoff: { baseMs: 500, maxMs: 15_000 },
      reconcile: reconcile.remediation,
    },
    {
      name: 'policy',
      watches: [
        watch(policies, allPolicies),
        watch(remediations, allPolicies),
        watch(dnsPods, allPolicies),
        watch(found.sightings, allPolicies),
        watch(found.probes, allPolicies),
        watch(found.lateLoops, allPolicies),
        watch(nodeMarks, allPolicies),
      ],
      reconcile: reconcile.policy,
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
      name: 'history',
      watches: [
        watch(policies, (change) => (isNewSpec(change) ? change.key : [])),
        watch(remediations, (change) => (hasJustEnded(change) ? policies.keys() : [])),
      ],
      reconcile: reconcile.history,
    },
  ];
}

const namesOf = (all: readonly Remediation[]): readonly string[] => all.map(({ name }) => name);

const hasJustEnded = (change: Change<Remediation>): boolean =>
  change.object.status.finishedAt !== undefined &&
  (change.kind !== 'modified' || change.old.status.finishedAt === undefined);

const isNewSpec = (change: Change<Policy>): boolean =>
  change.kind !== 'modified' || change.object.generation !== change.old.generation;
