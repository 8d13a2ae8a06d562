/** A node as the decision sees it, from one live read. */
import * as z from 'zod';
import { EXCLUDE_LABEL, QUARANTINE_ANNOTATION, QUARANTINE_TAINT_KEY } from '../api/keys.ts';
import { parseQuarantineRecord, type QuarantineRecord } from '../api/quarantine-record.ts';
import { managedPlatform } from '../diagnosis/managed-platform.ts';

const nodeSchema = z.object({
  metadata: z.object({
    name: z.string(),
    uid: z.string(),
    labels: z.record(z.string(), z.string()).nullish(),
    annotations: z.record(z.string(), z.string()).nullish(),
  }),
  spec: z.object({
    unschedulable: z.boolean().nullish(),
    taints: z.array(z.object({ key: z.string() })).nullish(),
  }),
  status: z.object({
    addresses: z.array(z.object({ type: z.string(), address: z.string() })).nullish(),
    conditions: z.array(z.object({ type: z.string(), status: z.string() })).nullish(),
    nodeInfo: z.object({ kubeletVersion: z.string(), osImage: z.string() }),
  }),
});

export interface ObservedNode {
  readonly name: string;
  readonly uid: string;
  readonly ready: boolean;
  readonly unschedulable: boolean;
  readonly excluded: boolean;
  readonly hasOurTaint: boolean;
  readonly quarantine: QuarantineRecord | null;
  /** There is a record that cannot be understood: somebody else wrote it, so it is left alone. */
  readonly hasUnreadableRecord: boolean;
  readonly managedPlatform: { readonly platform: string; readonly advice: string } | null;
  readonly addresses: readonly string[];
  readonly kubeletVersion: string;
}

/** @throws ZodError where the object is not a node. */
export function parseNode(raw: unknown): ObservedNode {
  const { metadata, spec, status } = nodeSchema.parse(raw);
  const labels = metadata.labels ?? {};
  const text = metadata.annotations?.[QUARANTINE_ANNOTATION];
  const quarantine = text === undefined ? null : parseQuarantineRecord(text);
  return {
    name: metadata.name,
    uid: metadata.uid,
    ready:
      status.conditions?.some(({ type, status: state }) => type === 'Ready' && state === 'True') ?? false,
    unschedulable: spec.unschedulable ?? false,
    excluded: labels[EXCLUDE_LABEL] === 'true',
    hasOurTaint: spec.taints?.some(({ key }) => key === QUARANTINE_TAINT_KEY) ?? false,
    quarantine,
    hasUnreadableRecord: text !== undefined && quarantine === null,
    managedPlatform: managedPlatform({ ...status.nodeInfo, labels }),
    addresses: (status.addresses ?? [])
      .filter(({ type }) => type === 'InternalIP' || type === 'ExternalIP')
      .map(({ address }) => address),
    kubeletVersion: status.nodeInfo.kubeletVersion,
  };
}
