/** A test apiserver on which the project is installed, and clients of it. */
import { readFile } from 'node:fs/promises';
import { createKubeClient, type KubeClient } from '../../../src/kube/client.ts';
import { staticConfig } from '../../../src/kube/config.ts';
import { createMetrics } from '../../../src/runtime/metrics.ts';
import { applyAdmission } from './admission.ts';
import { type Apiserver, startApiserver } from './apiserver.ts';
import { applyCrds } from './crds.ts';
import { applyInstallation, tokenOf } from './installed-rbac.ts';

export interface InstalledApiserver extends Apiserver {
  /** Of the operator's service account, with the permissions that config/rbac gives it. */
  readonly operatorToken: string;
}

/** With the CRDs, the namespaces, the service accounts, their roles, and the admission policies in force. */
export async function startInstalledApiserver(): Promise<InstalledApiserver> {
  const server = await startApiserver();
  await applyCrds(server);
  await applyInstallation(server);
  const operatorToken = await tokenOf(server, 'dnshealth-system', 'dnshealth-operator');
  await applyAdmission(server, operatorToken);
  return { ...server, operatorToken };
}

/** The operator's own client, with its permissions. Close it. */
export async function operatorClient(server: InstalledApiserver): Promise<KubeClient> {
  const tls = { ca: await readFile(server.caFile, 'utf8') };
  const config = staticConfig(server.url, { tls, authorization: `Bearer ${server.operatorToken}` });
  return createKubeClient(config, { metrics: createMetrics(), userAgent: 'integration-test/1' });
}
