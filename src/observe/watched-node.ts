/** What is kept of every node, from its metadata only: with 5,000 of them a whole node would be twelve kilobytes each. */
import * as z from 'zod';
import { CHECK_ANNOTATION, CONTROL_PLANE_LABELS } from '../api/keys.ts';
import type { Labels } from '../remediation/scope/node-selector.ts';
import { epochTime } from './epoch-time.ts';
import { type NodeMark, parseNodeMark } from './node-mark.ts';

const stringMap = z.record(z.string(), z.string()).nullish();
const metadataSchema = z.object({
  metadata: z.object({
    name: z.string(),
    uid: z.string(),
    resourceVersion: z.string().default(''),
    creationTimestamp: epochTime,
    deletionTimestamp: epochTime.nullish(),
    labels: stringMap,
    annotations: stringMap,
  }),
});

export interface WatchedNode {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly deleting: boolean;
  /** By these a policy selects nodes. */
  readonly labels: Labels;
  readonly controlPlane: boolean;
  /** Whether CoreDNS could run there at all: not on Windows. */
  readonly isLinux: boolean;
  /** The text of the annotation with the record of checks; null without one. */
  readonly checks: string | null;
  /** null for a node without any mark, as nearly all are. */
  readonly mark: NodeMark | null;
}

/** @throws ZodError where the object is not a node */
export function parseWatchedNode(raw: unknown): WatchedNode {
  const { metadata } = metadataSchema.parse(raw);
  const labels = metadata.labels ?? {};
  return {
    name: metadata.name,
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    createdAt: metadata.creationTimestamp,
    deleting: metadata.deletionTimestamp != null,
    labels,
    controlPlane: CONTROL_PLANE_LABELS.some((label) => labels[label] !== undefined),
    isLinux: (labels['kubernetes.io/os'] ?? 'linux') === 'linux',
    checks: metadata.annotations?.[CHECK_ANNOTATION] ?? null,
    mark: parseNodeMark(raw),
  };
}
