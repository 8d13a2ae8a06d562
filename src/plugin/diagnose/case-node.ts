/** A node as the examination and the comparison need it, from the object of the API or from a saved one. */
import * as z from 'zod';
import { EXCLUDE_LABEL } from '../../api/keys.ts';
import type { CaseNode } from '../../diagnosis/case.ts';

const nodeSchema = z.object({
  metadata: z.object({
    name: z.string(),
    uid: z.string().nullish(),
    labels: z.record(z.string(), z.string()).nullish(),
    annotations: z.record(z.string(), z.string()).nullish(),
  }),
  status: z.object({
    addresses: z.array(z.object({ type: z.string(), address: z.string() })).nullish(),
    conditions: z.array(z.object({ type: z.string(), status: z.string() })).nullish(),
    nodeInfo: z.object({
      osImage: z.string(),
      kubeletVersion: z.string(),
      bootID: z.string().nullish(),
      kernelVersion: z.string().nullish(),
      containerRuntimeVersion: z.string().nullish(),
    }),
  }),
});

export interface ParsedNode {
  /** Undefined in what was saved without it. */
  readonly uid?: string;
  readonly facts: CaseNode;
  readonly kernel: string;
  readonly runtime: string;
  /** It has the label that keeps the operator away from it. */
  readonly isExcluded: boolean;
}

/** @throws ZodError if the object is not a node */
export function parseCaseNode(raw: unknown): ParsedNode {
  const { metadata, status } = nodeSchema.parse(raw);
  const { osImage, kubeletVersion, bootID, kernelVersion, containerRuntimeVersion } = status.nodeInfo;
  const labels = metadata.labels ?? {};
  return {
    ...(metadata.uid ? { uid: metadata.uid } : {}),
    facts: {
      name: metadata.name,
      addresses: (status.addresses ?? [])
        .filter(({ type }) => type === 'InternalIP' || type === 'ExternalIP')
        .map(({ address }) => address),
      osImage,
      kubeletVersion,
      ...(bootID ? { bootID } : {}),
      labels,
      annotations: metadata.annotations ?? {},
      ready: (status.conditions ?? []).some(({ type, status: is }) => type === 'Ready' && is === 'True'),
    },
    kernel: kernelVersion ?? '',
    runtime: containerRuntimeVersion ?? '',
    isExcluded: labels[EXCLUDE_LABEL] === 'true',
  };
}
