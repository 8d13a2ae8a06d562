/** The kubelets of all nodes on a test apiserver, as far as checks need them: the pod of each check ends as its fate is. */
import { readFile } from 'node:fs/promises';
import { REQUEST_ENV } from '../../../src/api/agent-protocol.ts';
import { CHECK_NAMESPACE } from '../../../src/api/keys.ts';
import { createKubeClient } from '../../../src/kube/client.ts';
import { staticConfig } from '../../../src/kube/config.ts';
import { silentLogger } from '../../../src/runtime/logger.ts';
import { createMetrics } from '../../../src/runtime/metrics.ts';
import type { RawObject } from '../../../src/runtime/reflector/list-watch.ts';
import { createReflector } from '../../../src/runtime/reflector/reflector.ts';
import { endOf, type Fate, PROVEN } from '../objects/check-fates.ts';
import type { Apiserver } from './apiserver.ts';

const PODS = `/api/v1/namespaces/${CHECK_NAMESPACE}/pods`;

interface RawPod extends RawObject {
  readonly spec: {
    readonly nodeName: string;
    readonly containers: readonly {
      readonly env?: readonly { readonly name: string; readonly value: string }[];
    }[];
  };
}

export interface SeenCheck {
  readonly node: string;
  readonly pod: string;
  readonly podUID: string;
  /** Epoch milliseconds. */
  readonly seenAt: number;
}

export interface CheckKubelets {
  /** All checks that were ever started, in that order. */
  readonly seen: readonly SeenCheck[];
  /** Checks that exist now. */
  readonly pods: readonly SeenCheck[];
  stop(): Promise<void>;
}

interface Behaviour {
  /** @default every check finds its node well */
  readonly fate?: (node: string) => Fate;
  /** How long the pod of a check runs. @default as its fate says */
  readonly runsMs?: () => number;
}

/** One watch for all nodes. They are not clients of the operator's account, so that its requests can be told from theirs. */
export async function startCheckKubelets(
  server: Apiserver,
  { fate = () => PROVEN, runsMs }: Behaviour = {},
): Promise<CheckKubelets> {
  const config = staticConfig(server.url, {
    tls: { ca: await readFile(server.caFile, 'utf8') },
    authorization: `Bearer ${server.token}`,
  });
  const metrics = createMetrics();
  const kube = createKubeClient(config, { metrics, userAgent: 'kubelets/1' });
  const seen = new Map<string, SeenCheck>();
  const timers = new Set<NodeJS.Timeout>();
  const ending = new Set<Promise<void>>();
  const reflector = createReflector<RawPod, SeenCheck & { readonly nonce: string }>({
    source: kube.listWatch<RawPod>({ path: PODS }),
    transform: ({ metadata, spec }) => ({
      node: spec.nodeName,
      pod: metadata.name,
      podUID: metadata.uid ?? '',
      seenAt: Date.now(),
      nonce: nonceOf(spec),
    }),
    logger: silentLogger,
    metrics,
  });

  reflector.onChange(({ kind, object }) => {
    if (kind === 'deleted' || seen.has(object.podUID)) return;
    seen.set(object.podUID, object);
    const end = endOf(fate(object.node), object.nonce);
    if (end.kind === 'never') return;
    const timer = setTimeout(() => {
      timers.delete(timer);
      const done = (end.kind === 'deleted' ? remove(object.pod) : report(object.pod, end.status)).finally(
        () => void ending.delete(done),
      );
      ending.add(done);
    }, runsMs?.() ?? end.afterMs);
    timers.add(timer);
  });

  async function report(pod: string, status: object): Promise<void> {
    const body = { status: { phase: 'Succeeded', ...status } };
    await accept('PATCH', `${PODS}/${pod}/status`, body, { contentType: 'application/merge-patch+json' });
  }
  const remove = async (pod: string): Promise<void> =>
    accept('DELETE', `${PODS}/${pod}`, { gracePeriodSeconds: 0 });

  /** A pod that is gone by then has nothing to report. */
  async function accept(...asked: Parameters<Apiserver['call']>): Promise<void> {
    const { status, body } = await server.call(...asked);
    if (status > 299 && status !== 404) throw new Error(`${asked[0]} ${asked[1]}: ${JSON.stringify(body)}`);
  }

  const stopping = new AbortController();
  const loop = reflector.start(stopping.signal);
  await reflector.synced;
  return {
    get seen() {
      return [...seen.values()];
    },
    get pods() {
      return reflector.list();
    },
    async stop() {
      for (const timer of timers) clearTimeout(timer);
      await Promise.all(ending);
      stopping.abort();
      await loop;
      await kube.close();
    },
  };
}

function nonceOf({ containers }: RawPod['spec']): string {
  const request = containers[0]?.env?.find(({ name }) => name === REQUEST_ENV)?.value;
  if (request === undefined) throw new Error(`the pod of a check has no ${REQUEST_ENV}`);
  const { nonce }: { readonly nonce: string } = JSON.parse(request);
  return nonce;
}
