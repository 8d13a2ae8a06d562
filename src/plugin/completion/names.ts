/** The names that exist in the cluster or in the kubeconfig, for completion: only metadata or columns are transferred. */
import { API_VERSION, DNS_NAMESPACE, DNS_SELECTORS } from '../../api/keys.ts';
import type { Phase } from '../../api/remediation.ts';
import { type Environment, readKubeconfig } from '../../kube/kubeconfig/kubeconfig-files.ts';
import type { Connection } from '../cluster/connect.ts';
import type { Completes } from '../verb.ts';
import type { KubeChoice } from './complete.ts';

const DNS_PODS = `/api/v1/namespaces/${DNS_NAMESPACE}/pods`;
const REMEDIATIONS = `/apis/${API_VERSION}/dnsremediations`;
const PATHS: Readonly<Record<Exclude<Completes, 'file' | 'context' | ByPhase>, readonly string[]>> = {
  node: ['/api/v1/nodes'],
  policy: [`/apis/${API_VERSION}/dnshealthpolicies`],
  remediation: [REMEDIATIONS],
  'dns-pod': DNS_SELECTORS.map((selector) => `${DNS_PODS}?labelSelector=${encodeURIComponent(selector)}`),
};
const METADATA = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

type ByPhase = Extract<Completes, `remediation-to-${string}`>;
const PHASES: Readonly<Record<ByPhase, readonly Phase[]>> = {
  'remediation-to-approve': ['AwaitingApproval'],
  'remediation-to-acknowledge': ['Refused', 'RolledBack', 'Failed'],
  'remediation-to-roll-back': ['Healed', 'Failed'],
};
/** What `kubectl get` prints: the phase is one of its columns. */
const TABLE = 'application/json;as=Table;g=meta.k8s.io;v=v1';

interface Named {
  readonly items: readonly { readonly metadata: { readonly name: string } }[];
}

export async function namesInCluster(
  kind: Exclude<Completes, 'file' | 'context'>,
  { kube }: Pick<Connection, 'kube'>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (isByPhase(kind)) return namesInPhase(kube, PHASES[kind], signal);
  const lists = await Promise.all(
    PATHS[kind].map(async (path) =>
      kube.raw.request<Named>({ method: 'GET', path, accept: METADATA, retry: false, signal }),
    ),
  );
  return lists.flatMap(({ items }) => items.map(({ metadata }) => metadata.name));
}

const isByPhase = (kind: Completes): kind is ByPhase => kind in PHASES;

interface Table {
  readonly columnDefinitions: readonly { readonly name: string }[];
  readonly rows: readonly { readonly cells: readonly unknown[] }[];
}

async function namesInPhase(
  kube: Connection['kube'],
  phases: readonly Phase[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { columnDefinitions, rows } = await kube.raw.request<Table>({
    method: 'GET',
    path: REMEDIATIONS,
    accept: TABLE,
    retry: false,
    signal,
  });
  const at = (title: string): number =>
    columnDefinitions.findIndex(({ name }) => name.toLowerCase() === title);
  const [name, phase] = [at('name'), at('phase')];
  return rows
    .filter(({ cells }) => phases.some((one) => one === cells[phase]))
    .map(({ cells }) => String(cells[name]));
}

export async function contextNames(env: Environment, { kubeconfig }: KubeChoice): Promise<readonly string[]> {
  const { text } = await readKubeconfig(env, kubeconfig === undefined ? {} : { path: kubeconfig });
  const { contexts } = JSON.parse(text) as { readonly contexts: readonly { readonly name: string }[] };
  return contexts.map(({ name }) => name);
}
