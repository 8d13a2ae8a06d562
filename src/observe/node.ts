/** A node as the decision sees it, from one live read. */
import * as z from 'zod';
import {
  CHECK_ANNOTATION,
  CONTROL_PLANE_LABELS,
  EXCLUDE_LABEL,
  EXCLUDE_REASON_ANNOTATION,
  QUARANTINE_ANNOTATION,
  QUARANTINE_TAINT_KEY,
} from '../api/keys.ts';
import { parseNodeCheckRecord } from '../api/node-check-record.ts';
import { parseQuarantineRecord } from '../api/quarantine-record.ts';
import { managedPlatform, ownerOf } from '../diagnosis/managed-platform.ts';
import type { KubeClient } from '../kube/client.ts';
import { readNode } from '../kube/read-node.ts';
import type { NodeView } from '../remediation/world.ts';

const nodeSchema = z.object({
  metadata: z.object({
    name: z.string(),
    uid: z.string(),
    labels: z.record(z.string(), z.string()).nullish(),
    annotations: z.record(z.string(), z.string()).nullish(),
  }),
  spec: z
    .object({
      unschedulable: z.boolean().nullish(),
      taints: z.array(z.object({ key: z.string() })).nullish(),
    })
    .nullish(),
  status: z.object({
    addresses: z.array(z.object({ type: z.string(), address: z.string() })).nullish(),
    conditions: z.array(z.object({ type: z.string(), status: z.string() })).nullish(),
    nodeInfo: z.object({
      kubeletVersion: z.string(),
      osImage: z.string(),
      kernelVersion: z.string().default(''),
      containerRuntimeVersion: z.string().default(''),
      bootID: z.string().default(''),
    }),
  }),
});

/** Reads a node for a decision; null if there is none of that name. */
export async function observeNode(
  kube: KubeClient,
  name: string,
  signal: AbortSignal,
): Promise<NodeView | null> {
  const node = await readNode(kube, name, signal);
  return node === null ? null : parseNode(node);
}

/** @throws ZodError if the object is not a node. */
export function parseNode(raw: unknown): NodeView {
  const { metadata, spec, status } = nodeSchema.parse(raw);
  const labels = metadata.labels ?? {};
  const annotations = metadata.annotations ?? {};
  const reported = { ...status.nodeInfo, labels, annotations };
  const text = annotations[QUARANTINE_ANNOTATION];
  const checks = annotations[CHECK_ANNOTATION];
  const quarantine = text === undefined ? null : parseQuarantineRecord(text);
  return {
    name: metadata.name,
    uid: metadata.uid,
    ready:
      status.conditions?.some(({ type, status: state }) => type === 'Ready' && state === 'True') ?? false,
    unschedulable: spec?.unschedulable ?? false,
    labels,
    excluded: labels[EXCLUDE_LABEL] === 'true',
    excludedBecause: annotations[EXCLUDE_REASON_ANNOTATION] ?? null,
    tainted: spec?.taints?.some(({ key }) => key === QUARANTINE_TAINT_KEY) ?? false,
    controlPlane: CONTROL_PLANE_LABELS.some((label) => labels[label] !== undefined),
    quarantine,
    checks: checks === undefined ? null : parseNodeCheckRecord(checks),
    hasUnreadableRecord: text !== undefined && quarantine === null,
    managedPlatform: managedPlatform(reported),
    owner: ownerOf(reported)?.name ?? null,
    addresses: (status.addresses ?? [])
      .filter(({ type }) => type === 'InternalIP' || type === 'ExternalIP')
      .map(({ address }) => address),
    system: status.nodeInfo,
  };
}
