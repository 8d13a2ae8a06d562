/** Installs admission policies of the project on a test apiserver, and waits until they are in force. */
import { readFile } from 'node:fs/promises';
import { parseAllDocuments } from 'yaml';
import { until } from '../../cluster/until.ts';
import { HANG_MS } from '../patience.ts';
import type { Answer, Apiserver } from './apiserver.ts';

const ADMISSION = new URL('../../../config/admission/', import.meta.url);
const PATH = '/apis/admissionregistration.k8s.io/v1';
const COLLECTIONS: Readonly<Record<string, string>> = {
  ValidatingAdmissionPolicy: 'validatingadmissionpolicies',
  ValidatingAdmissionPolicyBinding: 'validatingadmissionpolicybindings',
};

/** @param denied a request that the policies of the file deny: a dry run */
export async function applyAdmission(
  server: Apiserver,
  file: string,
  denied: () => Promise<Answer>,
): Promise<void> {
  const text = await readFile(new URL(file, ADMISSION), 'utf8');
  for (const document of parseAllDocuments(text)) {
    const manifest = document.toJS() as { readonly kind: string };
    const { status, body } = await server.call('POST', `${PATH}/${COLLECTIONS[manifest.kind]}`, manifest);
    if (status !== 201) throw new Error(`${file}: ${JSON.stringify(body)}`);
  }
  await until(async () => ((await denied()).status >= 400 ? true : undefined), {
    what: `the admission policies of ${file} to be in force`,
    timeoutMs: HANG_MS,
  });
}
