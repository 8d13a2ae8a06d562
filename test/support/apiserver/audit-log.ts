/** What an apiserver's audit log says of writes: whose, of what, and when, to the microsecond. */
import { readFile } from 'node:fs/promises';
import type { Apiserver } from './apiserver.ts';

export interface AuditedWrite {
  /** Name of the credential, for writers that share an account. */
  readonly credential: string;
  readonly userAgent: string;
  readonly verb: string;
  readonly resource: string;
  readonly name: string;
  readonly code: number;
  /** Epoch milliseconds with fractions. */
  readonly receivedAt: number;
  readonly answeredAt: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- whatever was sent
  readonly body: any;
}

const VERBS = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);

/** In the order in which they were answered; refused ones too. */
export async function auditedWrites(server: Apiserver): Promise<readonly AuditedWrite[]> {
  const lines = (await readFile(server.auditLogPath, 'utf8')).split('\n').filter((line) => line !== '');
  return lines
    .map((line) => JSON.parse(line))
    .filter(({ stage, verb, objectRef }) => stage === 'ResponseComplete' && VERBS.has(verb) && objectRef)
    .map(
      (event): AuditedWrite => ({
        credential: event.user?.extra?.['authentication.kubernetes.io/credential-id']?.[0] ?? '',
        userAgent: event.userAgent ?? '',
        verb: event.verb,
        resource: event.objectRef.resource,
        name: event.objectRef.name ?? '',
        code: event.responseStatus?.code ?? 0,
        receivedAt: milliseconds(event.requestReceivedTimestamp),
        answeredAt: milliseconds(event.stageTimestamp),
        body: event.requestObject,
      }),
    )
    .toSorted((a, b) => a.answeredAt - b.answeredAt);
}

/** How the audit log names a service account's token: by the id inside of it. */
export function credentialOf(token: string): string {
  const [, payload = ''] = token.split('.');
  const { jti } = JSON.parse(Buffer.from(payload, 'base64url').toString());
  return `JTI=${jti}`;
}

/** Of "2026-11-25T03:22:41.123456Z"; a Date keeps only three digits. */
function milliseconds(text: string): number {
  const fraction = /\.(\d+)Z$/.exec(text)?.[1] ?? '';
  return Date.parse(text.replace(/\.\d+Z$/, 'Z')) + Number(`0.${fraction || 0}`) * 1000;
}
