/** Installs the admission policies of the project on a test apiserver, and waits until they are in force. */
import { readdir, readFile } from 'node:fs/promises';
import { parseAllDocuments } from 'yaml';
import { until } from '../../cluster/until.ts';
import { HANG_MS } from '../patience.ts';
import type { Apiserver } from './apiserver.ts';
import { createAll, type Manifest } from './installed-rbac.ts';

const ADMISSION = new URL('../../../config/admission/', import.meta.url);
/** Its policy is created last, and denies a Lease of another name. */
const LAST = 'accounts.yaml';
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/dnshealth-system/leases';

/** The image that the operators of tests start on nodes. */
export const AGENT_IMAGE = 'dnshealth-operator:test';

/**
 * After the namespaces and roles. The apiserver loads policies from time to time, all that there are at once, so that with
 * the last one all are in force.
 */
export async function applyAdmission(server: Apiserver, operatorToken: string): Promise<void> {
  const names = (await readdir(ADMISSION)).filter((name) => name !== 'kustomization.yaml' && name !== LAST);
  for (const name of [...names, LAST]) await createAll(server, await documentsOf(name));
  const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'another' } };
  await until(
    async () => {
      const { status } = await server.call('POST', `${LEASES}?dryRun=All`, lease, { token: operatorToken });
      return status === 403 ? true : undefined;
    },
    { what: 'the admission policies to be in force', timeoutMs: HANG_MS, everyMs: 50 },
  );
}

async function documentsOf(file: string): Promise<readonly Manifest[]> {
  const text = await readFile(new URL(file, ADMISSION), 'utf8');
  // As config/default writes the image of the installation there.
  const installed = text.replaceAll(`"'dnshealth-operator'"`, `"'${AGENT_IMAGE}'"`);
  return parseAllDocuments(installed).map((document) => document.toJS() as Manifest);
}
