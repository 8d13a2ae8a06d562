/** The state of the agent on a node: of the repair Job and its pod, or of the pod of a check. */
import * as z from 'zod';
import { AGENT_CONTAINER, GUARD_CONTAINER } from '../api/agent-protocol.ts';
import { type CheckOrigin, parseCheckOrigin } from '../api/check-origin.ts';
import { type InspectionOrigin, parseInspectionOrigin } from '../api/inspection-origin.ts';
import {
  CHECK_BATCH_LABEL,
  CHECK_ORIGIN_ANNOTATION,
  INSPECTION_ANNOTATION,
  REMEDIATION_LABEL,
  ROLE_LABEL,
} from '../api/keys.ts';
import type { AgentRun, GuardRun } from '../remediation/world.ts';
import { epochTime } from './epoch-time.ts';

const labels = z.record(z.string(), z.string()).default({});
const annotations = z.record(z.string(), z.string()).nullish();
const ownerReferences = z.array(z.object({ uid: z.string() })).nullish();

const jobSchema = z.object({
  metadata: z.object({
    name: z.string(),
    uid: z.string(),
    creationTimestamp: epochTime,
    deletionTimestamp: epochTime.nullish(),
    labels,
    annotations,
    ownerReferences,
  }),
  status: z
    .object({
      conditions: z
        .array(
          z.object({
            type: z.string(),
            status: z.string(),
            reason: z.string().nullish(),
            message: z.string().nullish(),
          }),
        )
        .nullish(),
    })
    .nullish(),
});

const podSchema = z.object({
  metadata: z.object({
    name: z.string(),
    uid: z.string(),
    creationTimestamp: epochTime,
    deletionTimestamp: epochTime.nullish(),
    labels,
    annotations,
    ownerReferences,
  }),
  spec: z.object({ nodeName: z.string().nullish() }).nullish(),
  status: z
    .object({
      phase: z.string().nullish(),
      reason: z.string().nullish(),
      message: z.string().nullish(),
      containerStatuses: z
        .array(
          z.object({
            name: z.string(),
            containerID: z.string().nullish(),
            state: z
              .object({
                running: z.object({}).nullish(),
                waiting: z.object({ reason: z.string().nullish(), message: z.string().nullish() }).nullish(),
                terminated: z
                  .object({ exitCode: z.int(), reason: z.string().nullish(), message: z.string().nullish() })
                  .nullish(),
              })
              .nullish(),
          }),
        )
        .nullish(),
    })
    .nullish(),
});

/** A Job of ours. */
export interface AgentJob {
  readonly name: string;
  readonly uid: string;
  /** Empty for an inspection without an incident. */
  readonly remediation: string;
  readonly role: string;
  /** Of an inspection without an incident: what it is about; null for others. */
  readonly inspection: InspectionOrigin | null;
  readonly ownerUIDs: readonly string[];
  readonly createdAt: number;
  readonly deleting: boolean;
  /** Why the Job controller marked it as failed; null if it did not. */
  readonly failure: string | null;
}

/** A pod of ours: of a repair Job, or of a check. */
export interface AgentPod extends AgentRun {
  readonly name: string;
  /** Empty for a check or an inspection without an incident. */
  readonly remediation: string;
  readonly role: string;
  /** Name of the node. */
  readonly node: string;
  /** Of a check of a node that is not part of an incident: what it is about; null for others. */
  readonly origin: CheckOrigin | null;
  /** Of an inspection without an incident: what it is about; null for others. */
  readonly inspection: InspectionOrigin | null;
  /** Empty for others than such checks. */
  readonly batch: string;
  readonly ownerUIDs: readonly string[];
}

/** @throws ZodError where the object is not a Job. */
export function parseAgentJob(raw: unknown): AgentJob {
  const { metadata, status } = jobSchema.parse(raw);
  const failed = status?.conditions?.find(({ type, status: state }) => type === 'Failed' && state === 'True');
  return {
    name: metadata.name,
    uid: metadata.uid,
    remediation: metadata.labels[REMEDIATION_LABEL] ?? '',
    role: metadata.labels[ROLE_LABEL] ?? '',
    inspection: inspectionOf(metadata.annotations),
    ownerUIDs: (metadata.ownerReferences ?? []).map(({ uid }) => uid),
    createdAt: metadata.creationTimestamp,
    deleting: metadata.deletionTimestamp != null,
    failure: failed ? `${failed.reason ?? 'Failed'}: ${failed.message ?? ''}` : null,
  };
}

function inspectionOf(all: z.infer<typeof annotations>): InspectionOrigin | null {
  const text = all?.[INSPECTION_ANNOTATION];
  return text === undefined ? null : parseInspectionOrigin(text);
}

/** Reasons with which the runtime reports that the container's program never ran. */
const NEVER_RAN = new Set(['StartError', 'ContainerCannotRun', 'CreateContainerError']);

/** @throws ZodError where the object is not a pod. */
export function parseAgentPod(raw: unknown): AgentPod {
  const { metadata, spec, status } = podSchema.parse(raw);
  const origin = metadata.annotations?.[CHECK_ORIGIN_ANNOTATION];
  const base = {
    name: metadata.name,
    uid: metadata.uid,
    remediation: metadata.labels[REMEDIATION_LABEL] ?? '',
    role: metadata.labels[ROLE_LABEL] ?? '',
    node: spec?.nodeName ?? '',
    origin: origin === undefined ? null : parseCheckOrigin(origin),
    inspection: inspectionOf(metadata.annotations),
    batch: metadata.labels[CHECK_BATCH_LABEL] ?? '',
    ownerUIDs: (metadata.ownerReferences ?? []).map(({ uid }) => uid),
    createdAt: metadata.creationTimestamp,
    deleting: metadata.deletionTimestamp != null,
    guard: guardOf(status),
  };
  const container = containerOf(status, AGENT_CONTAINER);
  const terminated = container?.state?.terminated;
  if (terminated) {
    const reason = terminated.reason ?? '';
    const message = terminated.message ?? '';
    if (NEVER_RAN.has(reason))
      return { ...base, state: 'ended', blockedBy: `${reason}: ${message}`, message: null };
    // Without a message it was killed, and the reason for that is the pod's.
    return { ...base, state: 'ended', blockedBy: message === '' ? failureOf(status) : null, message };
  }
  if (container?.state?.running) return { ...base, state: 'running', blockedBy: null, message: null };
  const waiting = container?.state?.waiting;
  const whyWaiting = waiting?.message ?? waiting?.reason ?? null;
  // The kubelet rejected or evicted the pod before any of its containers ran.
  if (status?.phase === 'Failed' && !container?.containerID)
    return {
      ...base,
      state: 'ended',
      blockedBy: whyWaiting ?? failureOf(status) ?? 'the pod failed',
      message: null,
    };
  const why = whyWaiting ?? status?.message ?? status?.reason ?? null;
  return { ...base, state: 'starting', blockedBy: why === 'ContainerCreating' ? null : why, message: null };
}

type PodStatus = z.infer<typeof podSchema>['status'];
const containerOf = (status: PodStatus, name: string) =>
  status?.containerStatuses?.find((container) => container.name === name);

/** Why the kubelet ended the pod; null if it did not, or if no reason is known. */
function failureOf(status: PodStatus): string | null {
  const { phase, reason, message } = status ?? {};
  if (phase !== 'Failed' || !reason) return null;
  const what = reason === 'Evicted' ? 'The pod was evicted' : `The pod was ended (${reason})`;
  return message ? `${what}: ${message}` : `${what}.`;
}

function guardOf(status: PodStatus): GuardRun | null {
  const container = containerOf(status, GUARD_CONTAINER);
  if (container === undefined) return null;
  const { running, terminated } = container.state ?? {};
  if (terminated) return { state: 'ended', message: terminated.message ?? '' };
  return { state: running ? 'running' : 'starting', message: null };
}

/** The run of a Job, from the Job and its pod, if there is one. */
export function runOfJob(job: AgentJob, pod: AgentPod | null): AgentRun {
  const { uid, createdAt, deleting } = job;
  const base = { uid, createdAt, deleting, guard: pod?.guard ?? null };
  if (pod) {
    const { state, blockedBy, message } = pod;
    // The Job failed while its container ran: the end of the container is still to come, or is lost.
    return { ...base, state, blockedBy: blockedBy ?? job.failure, message };
  }
  if (job.failure !== null) return { ...base, state: 'ended', blockedBy: null, message: '' };
  return { ...base, state: 'starting', blockedBy: null, message: null };
}
