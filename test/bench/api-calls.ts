/** How many requests a user sent, from the apiserver's own audit log. */
import { createReadStream, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Apiserver } from '../support/apiserver/apiserver.ts';

export interface ApiCalls {
  /** Watches included, each counted when it is opened. */
  readonly total: number;
  readonly byVerb: Readonly<Record<string, number>>;
  /** Of the leader election. */
  readonly leases: number;
}

interface AuditEvent {
  readonly auditID: string;
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly objectRef?: { readonly resource?: string };
}

/** The place in the log from which `apiCalls` counts. */
export const auditMark = (server: Apiserver): number => statSync(server.auditLogPath).size;

export async function apiCalls(server: Apiserver, user: string, from: number): Promise<ApiCalls> {
  const seen = new Set<string>();
  const byVerb: Record<string, number> = {};
  let leases = 0;
  const input = createReadStream(server.auditLogPath, { start: from });
  for await (const line of createInterface({ input })) {
    // The last line may be half written; it is another phase's.
    if (!line.includes(`"${user}"`) || !line.endsWith('}')) continue;
    const { auditID, verb, user: who, objectRef }: AuditEvent = JSON.parse(line);
    // A watch has two events, one when it opens and one when it ends.
    if (who.username !== user || seen.has(auditID)) continue;
    seen.add(auditID);
    byVerb[verb] = (byVerb[verb] ?? 0) + 1;
    if (objectRef?.resource === 'leases') leases += 1;
  }
  return { total: seen.size, byVerb, leases };
}

/** A service account that may do everything, for a client whose calls are to be told from those of others. */
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
