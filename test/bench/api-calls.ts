/** Counts the requests of a user in the apiserver's audit log. */
import { createReadStream, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Apiserver } from '../support/apiserver/apiserver.ts';

export interface ApiCalls {
  /** Including watches, each counted once, when it is opened. */
  readonly total: number;
  readonly byVerb: Readonly<Record<string, number>>;
  /** Requests of the leader election. */
  readonly leases: number;
}

interface AuditEvent {
  readonly auditID: string;
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly objectRef?: { readonly resource?: string };
}

/** The end of the log, as a start for `apiCalls`. */
export const auditMark = (server: Apiserver): number => statSync(server.auditLogPath).size;

export async function apiCalls(server: Apiserver, user: string, from: number): Promise<ApiCalls> {
  const seen = new Set<string>();
  const byVerb: Record<string, number> = {};
  let leases = 0;
  const input = createReadStream(server.auditLogPath, { start: from });
  for await (const line of createInterface({ input })) {
    // The last line may be incomplete; it belongs to another phase.
    if (!line.includes(`"${user}"`) || !line.endsWith('}')) continue;
    const { auditID, verb, user: who, objectRef }: AuditEvent = JSON.parse(line);
    // A watch has two events, one at its start and one at its end.
    if (who.username !== user || seen.has(auditID)) continue;
    seen.add(auditID);
    byVerb[verb] = (byVerb[verb] ?? 0) + 1;
    if (objectRef?.resource === 'leases') leases += 1;
  }
  return { total: seen.size, byVerb, leases };
}

/** Creates a service account with all rights, for a client whose calls are counted. */
export async function aUser(server: Apiserver, name: string): Promise<{ name: string; token: string }> {
  const accounts = '/api/v1/namespaces/default/serviceaccounts';
  await server.call('POST', accounts, { metadata: { name } });
  await server.call('POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
    metadata: { name: `bench-${name}` },
    subjects: [{ kind: 'ServiceAccount', name, namespace: 'default' }],
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
  });
  const { body } = await server.call('POST', `${accounts}/${name}/token`, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: 7200 },
  });
  return { name: `system:serviceaccount:default:${name}`, token: body.status.token };
}
