/** A DNSRemediation as the page is made from it: all of it, with the evidence that the operator itself does not keep. */
import * as z from 'zod';
import { type Evidence, evidenceSchema } from '../../api/evidence.ts';
import { ACKNOWLEDGED_ANNOTATION, API_VERSION, GROUP, REJECTED_BY_ANNOTATION } from '../../api/keys.ts';
import {
  type RemediationSpec,
  type RemediationStatus,
  remediationSpecSchema,
  remediationStatusSchema,
} from '../../api/remediation.ts';
import { cut } from '../../diagnosis/excerpts.ts';
import { PluginError } from '../errors.ts';

export const KIND = 'DNSRemediation';

export interface StoredRecord {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly creationTimestamp: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: RemediationSpec;
  readonly status: RemediationStatus;
}

const time = z.iso.datetime({ offset: true });

const metadataSchema = z.object({
  name: z.string().min(1),
  uid: z.string().default(''),
  creationTimestamp: time,
  annotations: z.record(z.string(), z.unknown()).nullish(),
});

const recordSchema = z.object({
  metadata: metadataSchema,
  // What is wrong with the evidence leaves the rest of the page as it is.
  spec: z.preprocess(withReadableEvidence, remediationSpecSchema),
  status: remediationStatusSchema.prefault({}),
});

function withReadableEvidence(spec: unknown): unknown {
  if (typeof spec !== 'object' || spec === null || !('evidence' in spec)) return spec;
  const { evidence, ...rest } = spec;
  const read = evidenceSchema.safeParse(evidence);
  return read.success ? { ...rest, evidence: read.data } : rest;
}

/**
 * @param where how a message names what was read, for example `the file a.yaml`
 * @throws PluginError if it is not a DNSRemediation that this version can read
 */
export function parseRecord(raw: unknown, where: string): StoredRecord {
  const { apiVersion, kind } = identityOf(raw);
  if (kind !== KIND || !apiVersion.startsWith(`${GROUP}/`))
    throw new PluginError(`${where} holds ${described(kind)}, not a ${KIND}`);
  if (apiVersion !== API_VERSION)
    throw new PluginError(
      `${where} holds a ${KIND} of version ${printable(apiVersion)}, and this program reads ${API_VERSION}`,
    );
  const parsed = recordSchema.safeParse(raw);
  if (!parsed.success) throw new PluginError(`${where} cannot be read: ${firstProblem(parsed.error)}`);
  const { metadata, spec, status } = parsed.data;
  const { name, uid, creationTimestamp, annotations } = metadata;
  const rejectedBy = annotations?.[REJECTED_BY_ANNOTATION];
  const ours = {
    ...(annotations?.[ACKNOWLEDGED_ANNOTATION] === 'true' && { [ACKNOWLEDGED_ANNOTATION]: 'true' }),
    ...(typeof rejectedBy === 'string' && { [REJECTED_BY_ANNOTATION]: rejectedBy }),
  };
  return {
    apiVersion,
    kind,
    // Managed fields and annotations of others are not part of the incident.
    metadata: {
      name,
      uid,
      creationTimestamp,
      ...(Object.keys(ours).length > 0 && { annotations: ours }),
    },
    spec,
    status,
  };
}

export const evidenceOf = ({ spec }: StoredRecord): Evidence | undefined => spec.evidence;

export const isAcknowledged = ({ metadata }: StoredRecord): boolean =>
  metadata.annotations?.[ACKNOWLEDGED_ANNOTATION] === 'true';

function identityOf(raw: unknown): { readonly apiVersion: string; readonly kind: string } {
  const read = z.object({ apiVersion: z.string(), kind: z.string() }).safeParse(raw);
  return read.success ? read.data : { apiVersion: '', kind: '' };
}

const described = (kind: string): string =>
  kind === '' ? 'no Kubernetes object' : `an object of kind ${printable(kind)}`;
const printable = (text: string): string => cut(text.replace(/[^\w./-]/g, '?'), 60);

function firstProblem({ issues }: z.ZodError): string {
  const [issue] = issues;
  if (!issue) return 'it does not match the schema';
  return `${issue.path.map(String).join('.') || 'the object'}: ${issue.message}`;
}

export interface Limits {
  /** Characters of a text. */
  readonly text: number;
  /** Entries of a list: the last ones are kept, because a log ends with what matters. */
  readonly entries: number;
}

/** The same record with long texts and lists cut, for a page of limited size. */
export const withinLimits = (record: StoredRecord, { text, entries }: Limits): StoredRecord =>
  mapped(record, (value) => {
    if (typeof value === 'string') return cut(value, text);
    return Array.isArray(value) ? value.slice(-entries) : value;
  }) as StoredRecord;

/** A copy in which each value was replaced, the containers before what is in them. */
export function mapped(value: unknown, change: (value: unknown, key: string) => unknown, key = ''): unknown {
  const changed = change(value, key);
  if (Array.isArray(changed)) return changed.map((entry) => mapped(entry, change, key));
  if (typeof changed !== 'object' || changed === null) return changed;
  return Object.fromEntries(
    Object.entries(changed).map(([name, inner]) => [name, mapped(inner, change, name)]),
  );
}
