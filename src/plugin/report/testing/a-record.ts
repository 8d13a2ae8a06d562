/** A real incident of the rig as a record, with other parts where a test wants them. */
import { readFileSync } from 'node:fs';
import type { RemediationStatus } from '../../../api/remediation.ts';
import { parseRecord, type StoredRecord } from '../record.ts';

/** As kubectl printed it. */
export const REAL_FILE = new URL('./healed.json', import.meta.url);
export const real = (): RawRecord => JSON.parse(readFileSync(REAL_FILE, 'utf8')) as RawRecord;

export interface RawRecord {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly spec: Readonly<Record<string, unknown>> & {
    readonly evidence?: Readonly<Record<string, unknown>>;
  };
  readonly status: RemediationStatus;
}

/** The real record with other parts. */
export function aRawRecord({
  spec = {},
  status = {},
  metadata = {},
}: {
  readonly spec?: object;
  readonly status?: object;
  readonly metadata?: object;
} = {}): RawRecord {
  const raw = real();
  return {
    ...raw,
    metadata: { ...raw.metadata, ...metadata },
    spec: { ...raw.spec, ...spec },
    status: { ...raw.status, ...status },
  };
}

export const aRecord = (parts: Parameters<typeof aRawRecord>[0] = {}): StoredRecord =>
  parseRecord(JSON.parse(JSON.stringify(aRawRecord(parts))), 'the record');
