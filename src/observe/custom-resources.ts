/** Our own two kinds, parsed with the schemas of their CRDs; objects that an older version stored get their defaults here. */
import * as z from 'zod';
import { ACKNOWLEDGED_ANNOTATION } from '../api/keys.ts';
import { type PolicySpec, type PolicyStatus, policySpecSchema, policyStatusSchema } from '../api/policy.ts';
import { remediationSpecSchema, remediationStatusSchema } from '../api/remediation.ts';
import type { Remediation } from '../remediation/world.ts';
import { epochTime } from './epoch-time.ts';

const metadata = z.object({
  name: z.string(),
  uid: z.string(),
  creationTimestamp: epochTime,
  generation: z.int().default(1),
  annotations: z.record(z.string(), z.string()).default({}),
  deletionTimestamp: epochTime.nullish(),
});

const policySchema = z.object({
  metadata,
  spec: policySpecSchema.prefault({}),
  status: policyStatusSchema.prefault({}),
});

export interface Policy {
  readonly name: string;
  readonly uid: string;
  readonly createdAt: number;
  readonly generation: number;
  readonly spec: PolicySpec;
  readonly status: PolicyStatus;
}

/** @throws ZodError if the object does not match its schema. */
export function parsePolicy(raw: unknown): Policy {
  const { metadata: meta, spec, status } = policySchema.parse(raw);
  return {
    name: meta.name,
    uid: meta.uid,
    createdAt: meta.creationTimestamp,
    generation: meta.generation,
    spec,
    status,
  };
}

const remediationSchema = z.object({
  metadata,
  spec: remediationSpecSchema,
  status: remediationStatusSchema.prefault({}),
});

/** @throws ZodError if the object does not match its schema. */
export function parseRemediation(raw: unknown): Remediation {
  return remediationOf(remediationSchema.parse(raw));
}

/** Those that match their schema; the watch reports the others. */
export function parseRemediations(list: readonly unknown[]): readonly Remediation[] {
  return list.flatMap((raw) => {
    const parsed = remediationSchema.safeParse(raw);
    return parsed.success ? [remediationOf(parsed.data)] : [];
  });
}

function remediationOf({ metadata: meta, spec, status }: z.infer<typeof remediationSchema>): Remediation {
  return {
    name: meta.name,
    uid: meta.uid,
    createdAt: meta.creationTimestamp,
    acknowledged: meta.annotations[ACKNOWLEDGED_ANNOTATION] === 'true',
    spec,
    status,
  };
}
