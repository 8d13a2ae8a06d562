/** Builders of what the decision reads. By default: a looping CoreDNS on a kubespray node. */
import { createHash } from 'node:crypto';
import type * as z from 'zod';
import type { CheckReport, GuardReport, RepairReport } from '../../../src/api/agent-protocol.ts';
import type { Drift } from '../../../src/api/drift.ts';
import { type PolicySpec, policySpecSchema } from '../../../src/api/policy.ts';
import { type RemediationStatus, remediationStatusSchema } from '../../../src/api/remediation.ts';
import type { LateLoop, RollbackEvidence, Sighting, TriggerEvidence } from '../../../src/api/trigger.ts';
import { slotsOf } from '../../../src/remediation/rollout/slots.ts';
import type {
  AgentRun,
  DnsPodView,
  NodeView,
  Remediation,
  Situation,
  World,
} from '../../../src/remediation/world.ts';

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The moment at which the container of the sighting died, epoch milliseconds. */
const DEATH = Date.parse('2026-03-01T12:00:00Z');
export const at = (seconds: number): number => DEATH + seconds * 1000;
export const isoAt = (seconds: number): string => new Date(at(seconds)).toISOString();

export const SICK_POD = { name: 'coredns-sick', uid: 'pod-sick' } as const;

/** What a policy with these fields declares; everything else has its default. */
export const aPolicySpec = (fields: z.input<typeof policySpecSchema> = {}): PolicySpec =>
  policySpecSchema.parse(fields);

export function aStatus(overrides: Partial<RemediationStatus> = {}): RemediationStatus {
  return { ...remediationStatusSchema.parse({}), ...overrides };
}

export function aSighting(overrides: Partial<Sighting> = {}): Sighting {
  return {
    pod: { ...SICK_POD },
    line: '[FATAL] plugin/loop: Loop (127.0.0.1:38718 -> :53) detected for zone "."',
    from: '127.0.0.1',
    to: ':53',
    zone: '.',
    diedAt: isoAt(0),
    seenAt: isoAt(1),
    ...overrides,
  };
}

export function aLateLoop(overrides: Partial<LateLoop> = {}): LateLoop {
  const nameservers = ['127.0.0.53'];
  return {
    pod: { ...SICK_POD },
    answers: [{ protocol: 'udp', name: 'x.invalid', scope: 'External', result: 'REFUSED', ok: false, ms: 2 }],
    siblings: [],
    check: {
      resolvConf: { path: '/etc/resolv.conf', class: 'stub', nameservers },
      message: 'A new pod on node node-1 is given 127.0.0.53, which leads back to CoreDNS itself.',
      checkedAt: isoAt(1),
    },
    foundAt: isoAt(0),
    ...overrides,
  };
}

/** A check found the kubelet of a node that hosts a DNS pod wrong. */
export function aDrift(overrides: Partial<Drift> = {}): Drift {
  return {
    kind: 'Kubelet',
    check: {
      resolvConf: { path: '/etc/resolv.conf', class: 'stub', nameservers: ['127.0.0.53'] },
      message: 'A new pod on node node-1 is given 127.0.0.53, which leads back to CoreDNS itself.',
      checkedAt: isoAt(0),
    },
    why: 'KubeletStarted',
    place: 'HostsDNSPods',
    foundAt: isoAt(0),
    ...overrides,
  };
}

/** An inspection found the file of a node wrong whose running kubelet is right. */
export function aPendingFile(overrides: Partial<Drift> = {}): Drift {
  const { check: _check, ...drift } = aDrift({ kind: 'PendingInFile', why: 'Interval' });
  return {
    ...drift,
    file: {
      path: '/etc/kubernetes/kubelet-config.yaml',
      line: 4,
      value: '/etc/resolv.conf',
      message: 'The value of resolvConf is wrong in the file, and not yet in effect.',
    },
    ...overrides,
  };
}

/** The same incident, begun with a crash that differs in this. */
export function withSighting(remediation: Remediation, changes: Partial<Sighting>): Remediation {
  const { policy, node, cause, settings } = remediation.spec;
  const sighting = aSighting(changes);
  return { ...remediation, spec: { policy, node, cause, settings, trigger: 'Crash', sighting } };
}

/** The same incident, begun with a pod that loops and does not crash. */
export function withLateLoop(remediation: Remediation, changes: Partial<LateLoop> = {}): Remediation {
  const { policy, node, cause, settings } = remediation.spec;
  const lateLoop = aLateLoop(changes);
  return { ...remediation, spec: { policy, node, cause, settings, trigger: 'LateLoop', lateLoop } };
}

/** The same incident, begun with a node that was found wrong before a pod failed. */
export function withDrift(remediation: Remediation, changes: Partial<Drift> = {}): Remediation {
  const { policy, node, cause, settings } = remediation.spec;
  const drift = aDrift(changes);
  return { ...remediation, spec: { policy, node, cause, settings, trigger: 'Drift', drift } };
}

/** A rollback of the record whose uid is `original`. */
export function withRollback(remediation: Remediation, changes: Partial<RollbackEvidence> = {}): Remediation {
  const { policy, node, cause, settings } = remediation.spec;
  const rollback: RollbackEvidence = {
    of: { name: 'original', uid: 'original' },
    fileAlone: false,
    by: 'anna',
    reason: 'the platform team owns this file',
    at: isoAt(0),
    ...changes,
  };
  return { ...remediation, spec: { policy, node, cause, settings, trigger: 'Rollback', rollback } };
}

/** The same incident, on a control-plane node. */
export function onControlPlane(remediation: Remediation): Remediation {
  const { spec } = remediation;
  return { ...remediation, spec: { ...spec, node: { ...spec.node, controlPlane: true } } };
}

/** The crash that an incident began with. */
export function sightingOf(spec: TriggerEvidence): Sighting {
  if (spec.trigger !== 'Crash') throw new Error(`the incident began with ${spec.trigger}, not with a crash`);
  return spec.sighting;
}

type RemediationOverrides = Partial<Omit<Remediation, 'spec' | 'status'>> & {
  readonly node?: string;
  readonly settings?: unknown;
  readonly status?: Partial<RemediationStatus>;
};

export function aRemediation({
  node = 'node-1',
  settings = {},
  status,
  ...overrides
}: RemediationOverrides = {}): Remediation {
  return {
    name: `${node}-incident`,
    uid: `uid-of-${node}-incident`,
    createdAt: at(1),
    acknowledged: false,
    answers: { approved: null, rejected: null },
    rollbackAsked: null,
    unreadable: null,
    spec: {
      policy: { name: 'coredns', uid: 'policy-1' },
      node: { name: node, uid: `uid-of-${node}` },
      cause: 'KubeletResolvConf',
      trigger: 'Crash',
      sighting: aSighting(),
      settings: policySpecSchema.parse(settings),
    },
    status: aStatus(status),
    ...overrides,
  };
}

export function aNode(overrides: Partial<NodeView> = {}): NodeView {
  const name = overrides.name ?? 'node-1';
  return {
    name,
    uid: `uid-of-${name}`,
    ready: true,
    labels: {},
    unschedulable: overrides.quarantine?.strategy === 'Cordon',
    excluded: false,
    excludedBecause: null,
    tainted: true,
    controlPlane: false,
    quarantine: null,
    checks: null,
    hasUnreadableRecord: false,
    managedPlatform: null,
    owner: null,
    addresses: ['192.0.2.11'],
    system: {
      kubeletVersion: 'v1.34.4',
      osImage: 'Debian GNU/Linux 13 (trixie)',
      kernelVersion: '6.12.48',
      containerRuntimeVersion: 'containerd://2.1.4',
      bootID: '3b2e5a7c',
    },
    ...overrides,
  };
}

/** A serving CoreDNS pod. The clocks of its node and of the operator agree, unless `upSince` says otherwise. */
export function aDnsPod(overrides: Partial<DnsPodView> = {}): DnsPodView {
  const { runningSince = at(-3600) } = overrides;
  return {
    name: 'coredns-well',
    uid: 'pod-well',
    workload: 'Deployment/coredns',
    isNodeLocal: false,
    node: 'node-2',
    ip: '10.244.2.5',
    createdAt: at(-3600),
    startedAt: at(-3600),
    deleting: false,
    ready: true,
    runningSince,
    upSince: runningSince,
    containerID: 'containerd://well',
    restartCount: 0,
    answers: null,
    ...overrides,
  };
}

/** The CoreDNS pod of the sighting, in its crash loop. */
export function aLoopingPod(overrides: Partial<DnsPodView> = {}): DnsPodView {
  return aDnsPod({
    ...SICK_POD,
    node: 'node-1',
    ip: '10.244.1.5',
    createdAt: at(-10),
    startedAt: at(-10),
    ready: false,
    runningSince: null,
    containerID: 'containerd://sick',
    restartCount: 2,
    ...overrides,
  });
}

export function aRun(overrides: Partial<AgentRun> = {}): AgentRun {
  return {
    uid: 'run-1',
    createdAt: at(2),
    state: 'running',
    deleting: false,
    blockedBy: null,
    message: null,
    guard: null,
    ...overrides,
  };
}

export function aRepairReport(overrides: Partial<RepairReport> = {}): RepairReport {
  return {
    verb: 'repair',
    nonce: 'uid-of-node-1-incident',
    outcome: 'repaired',
    reason: 'Repaired',
    message: 'resolvConf is now /run/systemd/resolve/resolv.conf.',
    nodeUnchanged: false,
    layout: 'kubespray',
    kubelet: { pidBefore: 10, pidAfter: 20, restarts: 1, active: true },
    times: {
      started: isoAt(3),
      decided: isoAt(3),
      written: isoAt(3),
      restarted: isoAt(4),
      finished: isoAt(6),
    },
    ...overrides,
  };
}

export function aGuardReport(overrides: Partial<GuardReport> = {}): GuardReport {
  return {
    verb: 'guard',
    nonce: 'uid-of-node-1-incident',
    outcome: 'kept',
    reason: 'Kept',
    message: 'The kubelet kept serving with the new value as process 20.',
    nodeUnchanged: false,
    kubelet: { pidBefore: 10, pidAfter: 20, restarts: 1, active: true },
    times: { started: isoAt(3), restarted: isoAt(4), finished: isoAt(14) },
    ...overrides,
  };
}

export function aProofReport(overrides: Partial<CheckReport> = {}): CheckReport {
  return {
    verb: 'check',
    nonce: 'uid-of-node-1-incident',
    outcome: 'usable',
    reason: 'ServerAnswers',
    message: 'A new pod gets the nameserver 10.89.0.1, which answers.',
    answers: [],
    ...overrides,
  };
}

type SituationOverrides = Partial<Omit<Situation, 'world'>> & { readonly world?: Partial<World> };

/** A fresh claim, with one DNS pod in a crash loop and one that serves on another node. */
export function aSituation({ world, ...overrides }: SituationOverrides = {}): Situation {
  const remediation = overrides.remediation ?? aRemediation();
  const { policy = aPolicySpec() } = overrides;
  return {
    policy,
    remediation,
    now: at(2),
    observedSince: at(-3600),
    digest: sha256,
    ...overrides,
    world: {
      node: aNode(),
      olderPolicy: null,
      repairJob: null,
      inspection: null,
      proofPod: null,
      otherNodeTakesPods: true,
      kubeletStartedAt: null,
      agentImage: 'dnshealth-operator:0.1.0',
      dnsPods: [aLoopingPod(), aDnsPod()],
      remediations: [remediation],
      // Of a percentage, as in a cluster of ten nodes.
      slots: policy ? { [remediation.spec.policy.uid]: slotsOf(policy.limits.maxConcurrent, 10) } : {},
      pauseOfAll: null,
      ...world,
    },
  };
}
