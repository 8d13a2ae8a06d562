/** The requests in an apiserver's audit log: who made them, when (to the microsecond), and a write's place in etcd's order. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Apiserver } from './apiserver.ts';

export interface AuditedRequest {
  /** Distinguishes writers that share an account. */
  readonly credential: string;
  readonly userAgent: string;
  readonly verb: string;
  readonly resource: string;
  readonly name: string;
  readonly code: number;
  /** Epoch milliseconds with fractions. */
  readonly receivedAt: number;
  readonly answeredAt: number;
}

export interface AuditedWrite extends AuditedRequest {
  /**
   * The resourceVersion after the write, etcd's revision: one total order over all resources. undefined where the answer
   * was an error, which does not mean that nothing was written: a timed-out request may have been committed.
   */
  readonly version: number | undefined;
  // oxlint-disable-next-line typescript/no-explicit-any -- whatever was sent
  readonly body: any;
  /** The object after the write, or the status of a failure. */
  // oxlint-disable-next-line typescript/no-explicit-any -- whatever was answered
  readonly answer?: any;
}

const WRITES = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);

/** In the order of their answers, refused ones included. */
export async function auditedWrites(server: Apiserver): Promise<readonly AuditedWrite[]> {
  return audited(server, (verb) => WRITES.has(verb));
}

export async function auditedReads(
  server: Apiserver,
  verbs: readonly ('get' | 'list')[] = ['get'],
): Promise<readonly AuditedRequest[]> {
  return audited(server, (verb) => verbs.some((one) => one === verb));
}

async function audited(
  server: Apiserver,
  isWanted: (verb: string) => boolean,
): Promise<readonly AuditedWrite[]> {
  const requests: AuditedWrite[] = [];
  // Line by line: of an outage of hundreds of nodes it is longer than the longest string.
  for await (const line of createInterface({ input: createReadStream(server.auditLogPath) })) {
    if (line === '') continue;
    const event = JSON.parse(line);
    const { stage, verb, objectRef } = event;
    if (stage !== 'ResponseComplete' || !isWanted(verb) || !objectRef) continue;
    requests.push({
      credential: event.user?.extra?.['authentication.kubernetes.io/credential-id']?.[0] ?? '',
      userAgent: event.userAgent ?? '',
      verb,
      resource: objectRef.resource,
      name: objectRef.name ?? '',
      code: event.responseStatus?.code ?? 0,
      receivedAt: milliseconds(event.requestReceivedTimestamp),
      answeredAt: milliseconds(event.stageTimestamp),
      version: event.responseStatus?.code < 300 ? versionOf(event.responseObject) : undefined,
      body: event.requestObject,
      answer: event.responseObject,
    });
  }
  return requests.toSorted((a, b) => a.answeredAt - b.answeredAt).map(withoutVersionOfNoOp());
}

/** A no-op is answered with the version of an earlier write, which is not its own place in the order. */
function withoutVersionOfNoOp(): (write: AuditedWrite) => AuditedWrite {
  const seen = new Set<number>();
  return (write) => {
    if (write.version === undefined) return write;
    if (seen.has(write.version)) return { ...write, version: undefined };
    seen.add(write.version);
    return write;
  };
}

/** The audit log names a service account's token by its id. */
export function credentialOf(token: string): string {
  const [, payload = ''] = token.split('.');
  const { jti } = JSON.parse(Buffer.from(payload, 'base64url').toString());
  return `JTI=${jti}`;
}

// oxlint-disable-next-line typescript/no-explicit-any -- whatever was answered
function versionOf(answered: any): number | undefined {
  const version = Number(answered?.metadata?.resourceVersion || Number.NaN);
  return Number.isNaN(version) ? undefined : version;
}

/** Parses "2026-11-25T03:22:41.123456Z": a Date keeps only three digits. */
function milliseconds(text: string): number {
  const fraction = /\.(\d+)Z$/.exec(text)?.[1] ?? '';
  return Date.parse(text.replace(/\.\d+Z$/, 'Z')) + Number(`0.${fraction || 0}`) * 1000;
}
