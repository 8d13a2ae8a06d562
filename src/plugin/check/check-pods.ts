/** The pods of one run in the API: create, list, read, remove, and remove what earlier runs have left. */
import type { V1Pod } from '@kubernetes/client-node';
import { MANAGED_BY_LABEL, ROLE_LABEL } from '../../api/keys.ts';
import type { KubeClient } from '../../kube/client.ts';
import { nullIfNotFound } from '../../kube/errors.ts';
import type { PodTemplate } from './probe.ts';
import { unlessHidden } from './unless-hidden.ts';

/** Not the operator's own value: it would watch them. */
const MANAGED_BY_PLUGIN = 'kubectl-dnshealth';
const LABELS = { [MANAGED_BY_LABEL]: MANAGED_BY_PLUGIN, [ROLE_LABEL]: 'check' };
const OURS = Object.entries(LABELS)
  .map(([key, value]) => `${key}=${value}`)
  .join(',');
const RUN_LABEL = 'dnshealth.io/run';
/** How long the removal may take after Ctrl-C. */
const REMOVAL_MS = 10_000;

interface PodList {
  readonly items: readonly V1Pod[];
}

interface EventList {
  readonly items: readonly { readonly message?: string }[];
}

export interface CheckPods {
  /** Creates the pod under that name. Not ended by Ctrl-C: one that is created unseen could not be removed. */
  create(name: string, template: PodTemplate): Promise<void>;
  /** Those of this run, by name. */
  list(): Promise<ReadonlyMap<string, V1Pod>>;
  log(name: string, container: string): Promise<string>;
  /** What the kubelet last warned of; null if there is nothing, or it may not be read. */
  lastWarning(name: string): Promise<string | null>;
  /** Without a grace period. No-op if it is gone. */
  remove(name: string): Promise<void>;
  /** Removes what other runs have left that were killed, and names it. */
  removeLeftovers(olderThan: number): Promise<readonly string[]>;
}

export function checkPods(kube: KubeClient, namespace: string, run: string, signal: AbortSignal): CheckPods {
  const path = `/api/v1/namespaces/${namespace}/pods`;
  const events = `/api/v1/namespaces/${namespace}/events`;
  const find = async (labelSelector: string) =>
    (await kube.raw.request<PodList>({ method: 'GET', path, query: { labelSelector }, signal })).items;
  const remove = async (name: string) => {
    const body = { gracePeriodSeconds: 0 };
    const within = AbortSignal.timeout(REMOVAL_MS);
    await nullIfNotFound(
      kube.raw.request({ method: 'DELETE', path: `${path}/${name}`, body, signal: within }),
    );
  };
  return {
    async create(name, { annotations, spec }) {
      const metadata = { name, labels: { ...LABELS, [RUN_LABEL]: run }, ...(annotations && { annotations }) };
      const body = { apiVersion: 'v1', kind: 'Pod', metadata, spec };
      await kube.raw.request({ method: 'POST', path, body });
    },
    list: async () =>
      new Map((await find(`${RUN_LABEL}=${run}`)).map((pod) => [pod.metadata?.name ?? '', pod])),
    log: async (pod, container) => kube.readLog({ namespace, pod, container, limitBytes: 65_536, signal }),
    async lastWarning(name) {
      const query = { fieldSelector: `involvedObject.name=${name},type=Warning` };
      const list = await unlessHidden(
        kube.raw.request<EventList>({ method: 'GET', path: events, query, signal }),
      );
      return list?.items.at(-1)?.message ?? null;
    },
    remove,
    async removeLeftovers(olderThan) {
      const old = (await find(OURS)).filter(
        ({ metadata }) => Date.parse(String(metadata?.creationTimestamp)) < olderThan,
      );
      const names = old.flatMap(({ metadata }) => metadata?.name ?? []);
      await Promise.all(names.map(remove));
      return names;
    },
  };
}
