/** Installs the project's namespaces and roles on a test apiserver, and requests tokens of service accounts. */
import { readFile } from 'node:fs/promises';
import { parseAllDocuments } from 'yaml';
import type { Apiserver } from './apiserver.ts';

const CONFIG = new URL('../../../config/', import.meta.url);
const FILES = [
  'namespaces/namespaces.yaml',
  'rbac/service-accounts.yaml',
  'rbac/operator.yaml',
  'rbac/users.yaml',
];

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules?: readonly Rule[];
}

export interface Rule {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
}

/** The documents of config/namespaces and config/rbac, in the order in which they can be created. */
export async function readInstallation(): Promise<readonly Manifest[]> {
  const texts = await Promise.all(FILES.map(async (file) => readFile(new URL(file, CONFIG), 'utf8')));
  return texts.flatMap((text) => parseAllDocuments(text).map((document) => document.toJS() as Manifest));
}

export async function applyInstallation(server: Apiserver): Promise<void> {
  await createAll(server, await readInstallation());
}

/** In the given order. */
export async function createAll(server: Apiserver, manifests: readonly Manifest[]): Promise<void> {
  for (const manifest of manifests) {
    const { status, body } = await server.call('POST', collectionOf(manifest), manifest);
    if (status !== 201)
      throw new Error(`${manifest.kind} ${manifest.metadata.name}: ${JSON.stringify(body)}`);
  }
}

function collectionOf({ apiVersion, kind, metadata }: Manifest): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const scope = metadata.namespace ? `/namespaces/${metadata.namespace}` : '';
  return `${root}${scope}/${kind.toLowerCase().replace(/y$/, 'ie')}s`;
}

/** No test or benchmark takes as long; the kubelet of a real cluster renews it instead. */
const TOKEN_SECONDS = 4 * 3600;

/** Requests a token as the kubelet does for a pod. */
export async function tokenOf(server: Apiserver, namespace: string, serviceAccount: string): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${serviceAccount}/token`;
  const { status, body } = await server.call('POST', path, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: TOKEN_SECONDS },
  });
  if (status !== 201) throw new Error(`no token for ${serviceAccount}: ${JSON.stringify(body)}`);
  return body.status.token;
}
