/** Our own two kinds, parsed with the schemas of their CRDs; objects that an older version stored get their defaults here. */
import * as z from 'zod';
import {
  ACKNOWLEDGED_ANNOTATION,
  APPROVED_ANNOTATION,
  APPROVED_BY_ANNOTATION,
  PLAN_REQUESTS_ANNOTATION,
  REJECTED_ANNOTATION,
  REJECTED_BY_ANNOTATION,
  ROLLBACK_ANNOTATION,
  ROLLBACK_BY_ANNOTATION,
} from '../api/keys.ts';
import { type PolicyStatus, policyStatusSchema } from '../api/policy/status.ts';
import { type PolicySpec, policySpecSchema } from '../api/policy.ts';
import { remediationSpecFields, remediationSpecSchema, remediationStatusSchema } from '../api/remediation.ts';
import type { Answers, Remediation } from '../remediation/world.ts';
import { epochTime } from './epoch-time.ts';
import { problemOf } from './malformed.ts';

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
  /** Text of the annotation by which people ask for plans; undefined where nobody does. */
  readonly planRequests?: string | undefined;
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
    planRequests: meta.annotations[PLAN_REQUESTS_ANNOTATION],
    spec,
    status,
  };
}

export interface InvalidPolicy {
  readonly generation: number;
  readonly status: PolicyStatus;
  /** The fields and what is wrong with them, in one line. */
  readonly problem: string;
}

const invalidSchema = z.object({ metadata, status: policyStatusSchema.prefault({}) });

/**
 * A policy whose spec was stored under rules that have become stricter since; null: its spec is valid.
 *
 * @throws ZodError if the rest of it does not match its schema either
 */
export function invalidPolicy(raw: object): InvalidPolicy | null {
  const spec = z.object({ spec: policySpecSchema.prefault({}) }).safeParse(raw);
  if (spec.success) return null;
  const { metadata: meta, status } = invalidSchema.parse(raw);
  return { generation: meta.generation, status, problem: problemOf(spec.error) };
}

/** Only the page of an incident shows it: the caches do not hold it, and no error in it makes a record unreadable. */
function withoutEvidence(spec: unknown): unknown {
  if (typeof spec !== 'object' || spec === null || !('evidence' in spec)) return spec;
  const { evidence: _evidence, ...rest } = spec;
  return rest;
}

const remediationSchema = z.object({
  metadata,
  spec: z.preprocess(withoutEvidence, remediationSpecSchema),
  status: remediationStatusSchema.prefault({}),
});

/** Of a remediation that another version wrote: enough to know whose it is. */
const identitySchema = z.object({ metadata, spec: remediationSpecFields.pick({ policy: true, node: true }) });

/**
 * A remediation that does not match its schema does not vanish: as one that failed it stops its rollout until it is
 * acknowledged, because what it did is not known.
 *
 * @throws ZodError if the object does not even say whose it is
 */
export function parseRemediation(raw: unknown): Remediation {
  const parsed = remediationSchema.safeParse(raw);
  if (parsed.success) return { ...remediationOf(parsed.data), unreadable: null };
  const identity = identitySchema.parse(raw);
  const why = problemOf(parsed.error);
  return { ...remediationOf(standInFor(identity, raw, why)), unreadable: why };
}

/** Those that say whose they are; the watch reports the others. */
export function parseRemediations(list: readonly unknown[]): readonly Remediation[] {
  return list.filter((raw) => identitySchema.safeParse(raw).success).map(parseRemediation);
}

/** Everything that can be read, and defaults for the rest. */
function standInFor(
  { metadata: meta, spec: { policy, node } }: z.infer<typeof identitySchema>,
  raw: unknown,
  why: string,
): z.infer<typeof remediationSchema> {
  const created = new Date(meta.creationTimestamp).toISOString();
  const parts = partsSchema.parse(raw);
  const sighting = { pod: { name: '', uid: '' }, line: '', zone: '.', diedAt: created, seenAt: created };
  return {
    metadata: meta,
    spec: {
      policy,
      node,
      cause: 'KubeletResolvConf',
      trigger: 'Crash',
      sighting: parts.spec.sighting ?? sighting,
      settings: parts.spec.settings ?? policySpecSchema.parse({}),
    },
    status: {
      ...remediationStatusSchema.parse({}),
      phase: 'Failed',
      reason: 'Unreadable',
      message: `This version of the operator cannot read the remediation: ${why}.`,
      finishedAt: created,
    },
  };
}

const partsSchema = z.object({
  spec: z.object({
    sighting: remediationSpecFields.shape.sighting.optional().catch(undefined),
    settings: remediationSpecFields.shape.settings.optional().catch(undefined),
  }),
});

function remediationOf({
  metadata: meta,
  spec,
  status,
}: z.infer<typeof remediationSchema>): Omit<Remediation, 'unreadable'> {
  return {
    name: meta.name,
    uid: meta.uid,
    createdAt: meta.creationTimestamp,
    acknowledged: meta.annotations[ACKNOWLEDGED_ANNOTATION] === 'true',
    answers: answersIn(meta.annotations),
    rollbackAsked: rollbackAskedIn(meta.annotations),
    spec,
    status,
  };
}

/** Who said it is what admission let through. A rejection counts without a name too: it only keeps something from being done. */
function answersIn(annotations: Readonly<Record<string, string>>): Answers {
  const hash = annotations[APPROVED_ANNOTATION];
  const by = annotations[APPROVED_BY_ANNOTATION];
  const reason = annotations[REJECTED_ANNOTATION];
  return {
    approved: hash && by ? { hash, by } : null,
    rejected:
      reason === undefined ? null : { reason, by: annotations[REJECTED_BY_ANNOTATION] || 'an unknown user' },
  };
}

function rollbackAskedIn(annotations: Readonly<Record<string, string>>): Remediation['rollbackAsked'] {
  const reason = annotations[ROLLBACK_ANNOTATION];
  return reason === undefined ? null : { reason, by: annotations[ROLLBACK_BY_ANNOTATION] ?? '' };
}
