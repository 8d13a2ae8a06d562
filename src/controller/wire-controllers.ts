/** Wires the controllers: a reconcile function for each row of the table of what wakes whom, all over the same caches. */
import type { KubeClient } from '../kube/client.ts';
import type { EventRecorder } from '../kube/event-recorder.ts';
import { createOwnership } from '../observe/ownership.ts';
import type { Reflectors } from '../observe/reflectors.ts';
import type { Controller } from '../runtime/controller.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Metrics } from '../runtime/metrics.ts';
import { controllerTable } from './controllers.ts';
import { createClusterDns } from './dns-pods/cluster-dns.ts';
import type { KubernetesService } from './dns-pods/kubernetes-service.ts';
import { createDomainMetrics } from './domain-metrics.ts';
import { createInspectionReconciler } from './files/inspection-controller.ts';
import { createExcludeLabelReconciler } from './housekeeping/exclude-label-controller.ts';
import { createHistoryReconciler } from './housekeeping/history-controller.ts';
import { createOrphanReconciler } from './housekeeping/orphan-controller.ts';
import { createRemediationReconciler } from './incident/remediation-controller.ts';
import { createRollbackReconciler } from './incident/rollback-controller.ts';
import { createLimitMetrics } from './limit-metrics.ts';
import { createNarrator } from './narrator.ts';
import { createBatches } from './nodes/batches.ts';
import { createCheckPods } from './nodes/check-pods.ts';
import { createDriftReconciler } from './nodes/drift-controller.ts';
import { createEligibleNodes } from './nodes/eligible-nodes.ts';
import { createKnownNodes } from './nodes/known-nodes.ts';
import { createKubeletStarts } from './nodes/kubelet-starts.ts';
import { createLookReconciler } from './nodes/look-controller.ts';
import { createNodeMetrics } from './nodes/node-metrics.ts';
import { createNodeRecords } from './nodes/node-records.ts';
import { createSchedule } from './nodes/schedule.ts';
import { createNodeStateReconciler } from './nodes/state-controller.ts';
import { createTurnReconciler } from './nodes/turn-controller.ts';
import { createWanted } from './nodes/wanted.ts';
import type { Notifier } from './notifying/notifier.ts';
import { createNodeTable } from './policy/node-table.ts';
import { createNodeTableReconciler } from './policy/node-table-controller.ts';
import { createPolicyReconciler } from './policy/policy-controller.ts';
import { createPolicyMetrics } from './policy/policy-metrics.ts';
import { createDnsServices } from './prober/dns-services.ts';
import { createLateLoopReconciler } from './prober/late-loop-controller.ts';
import { createLateLoops } from './prober/late-loops.ts';
import { createPodHealths } from './prober/pod-healths.ts';
import { createProberReconciler } from './prober/prober-controller.ts';
import { createProberMetrics } from './prober/prober-metrics.ts';
import { createProbes } from './prober/probes.ts';
import { createQuarantineMetrics } from './quarantine-metrics.ts';
import { createPlanRequestReconciler } from './requests/plan-request-controller.ts';
import type { Settings } from './settings.ts';
import { createSightingReconciler } from './sighting/sighting-controller.ts';
import { createSightings } from './sighting/sightings.ts';

export interface ControllerParts {
  readonly kube: KubeClient;
  readonly stores: Reflectors;
  readonly settings: Settings;
  readonly kubernetesService: KubernetesService;
  readonly recorder: EventRecorder;
  readonly notifier: Pick<Notifier, 'tell'>;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

export function wireControllers({
  recorder,
  notifier,
  metrics,
  ...given
}: ControllerParts): readonly Controller[] {
  const probes = createProbes();
  const lateLoops = createLateLoops();
  const { stores, now } = given;
  const known = createKnownNodes(stores.nodes);
  const starts = createKubeletStarts(stores.kubeletStarts, stores.nodes);
  const wanted = createWanted();
  const records = createNodeRecords(stores.nodes);
  const schedule = createSchedule({ stores, known, starts, records, wanted, now });
  const parts = {
    ...given,
    known,
    eligible: createEligibleNodes(stores, known),
    starts,
    records,
    nodeTable: createNodeTable(stores.nodes, stores.policies),
    schedule,
    wanted,
    checkPods: createCheckPods(stores.agentPods, now),
    batches: createBatches(now),
    probes,
    lateLoops,
    healths: createPodHealths({ probes, lateLoops, remediations: given.stores.remediations }),
    dnsServices: createDnsServices(given.kube, given.logger, now),
    proberMetrics: createProberMetrics(metrics),
    nodeMetrics: createNodeMetrics(metrics),
    ownership: createOwnership(given.kube),
    clusterDns: createClusterDns(given.kube, now),
    sightings: createSightings(),
    narrator: createNarrator(recorder, given.logger, notifier),
    metrics: createDomainMetrics(metrics),
    random: Math.random,
  };
  createLimitMetrics(metrics, stores, now);
  createPolicyMetrics(metrics, stores);
  createQuarantineMetrics(metrics, stores, now);
  return controllerTable(
    parts.stores,
    {
      sightings: parts.sightings,
      probes,
      lateLoops,
      nodeTable: parts.nodeTable,
      known,
      schedule,
      eligible: parts.eligible,
    },
    {
      sighting: createSightingReconciler(parts),
      remediation: createRemediationReconciler(parts),
      policy: createPolicyReconciler(parts),
      nodeTable: createNodeTableReconciler(parts),
      prober: createProberReconciler(parts),
      lateLoop: createLateLoopReconciler(parts),
      rollback: createRollbackReconciler(parts),
      orphan: createOrphanReconciler(parts),
      excludeLabel: createExcludeLabelReconciler(parts),
      history: createHistoryReconciler(parts),
      nodeLook: createLookReconciler(parts),
      nodeTurn: createTurnReconciler(parts),
      inspection: createInspectionReconciler(parts),
      drift: createDriftReconciler(parts),
      planRequest: createPlanRequestReconciler(parts),
      nodeState: createNodeStateReconciler(parts),
    },
  );
}
