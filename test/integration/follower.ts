/** A reflector under trial: it follows objects of one collection, and is held to what a fresh list shows after any trouble. */
import { expect } from 'vitest';
import { createKubeClient, type KubeClient } from '../../src/kube/client.ts';
import type { ClusterConfig } from '../../src/kube/config.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { createMetrics, type Metrics } from '../../src/runtime/metrics.ts';
import type { RawObject } from '../../src/runtime/reflector/list-watch.ts';
import { createReflector, type Reflector } from '../../src/runtime/reflector/reflector.ts';
import type { Apiserver } from '../support/apiserver/apiserver.ts';

interface Object extends RawObject {
  readonly metadata: RawObject['metadata'] & { readonly annotations?: Readonly<Record<string, string>> };
}
interface Followed {
  readonly name: string;
  readonly uid: string;
  readonly version: string;
  readonly value: string | undefined;
}

export interface Follower {
  readonly reflector: Reflector<Followed>;
  readonly kube: KubeClient;
  readonly metrics: Metrics;
  /** "added a", in the order in which it was told. */
  readonly told: readonly string[];
  /** Behind the reflector's back: one object is changed, one deleted, one created, one deleted and created again. */
  churn(): Promise<void>;
  /**
   * The store equals a fresh list, who heard every change knows the same, and it took no longer than the limit since
   * `since` (of `performance.now`). Then a change comes through at once: it watches again.
   */
  expectNothingLost(limit: { readonly since: number; readonly withinMs: number }): Promise<void>;
  stop(): Promise<void>;
}

const VALUE = 'test.example.io/value';
const keep = ({ metadata }: Object): Followed => ({
  name: metadata.name,
  uid: metadata.uid ?? '',
  version: metadata.resourceVersion ?? '',
  value: metadata.annotations?.[VALUE],
});
const byName = (all: readonly Followed[]): readonly Followed[] =>
  all.toSorted((a, b) => a.name.localeCompare(b.name));

/**
 * @param config the way that is in trouble; what is done behind the reflector's back goes straight to the apiserver
 * @param path of the collection
 */
export async function follow(apiserver: Apiserver, config: ClusterConfig, path: string): Promise<Follower> {
  const must = async (...[method, ...rest]: Parameters<Apiserver['call']>): Promise<void> => {
    const { status, body } = await apiserver.call(method, ...rest);
    if (status > 299) throw new Error(`${method} ${rest[0]}: ${status} ${JSON.stringify(body)}`);
  };
  const create = async (name: string): Promise<void> => must('POST', path, { metadata: { name } });
  const change = async (name: string, value: string): Promise<void> =>
    must(
      'PATCH',
      `${path}/${name}`,
      { metadata: { annotations: { [VALUE]: value } } },
      { contentType: 'application/merge-patch+json' },
    );
  const remove = async (name: string): Promise<void> => must('DELETE', `${path}/${name}`);
  let round = 0;
  for (const name of ['changed', 'deleted-0', 'recreated']) await create(name);

  const metrics = createMetrics();
  const kube = createKubeClient(config, { metrics, userAgent: 'follower/1' });
  const reflector = createReflector<Object, Followed>({
    source: kube.listWatch<Object>({ path }),
    transform: keep,
    logger: silentLogger,
    metrics,
  });
  const told: string[] = [];
  const mirror = new Map<string, Followed>();
  reflector.onChange(({ kind, key, object }) => {
    told.push(`${kind} ${object.name}`);
    if (kind === 'deleted') mirror.delete(key);
    else mirror.set(key, object);
  });
  const stopping = new AbortController();
  const loop = reflector.start(stopping.signal);
  await reflector.synced;

  const fresh = async (): Promise<readonly Followed[]> => {
    const { body } = await apiserver.call('GET', path);
    return byName((body.items as readonly Object[]).map(keep));
  };
  const comesThrough = async (limit: {
    readonly since: number;
    readonly withinMs: number;
  }): Promise<void> => {
    const wanted = await fresh();
    const timeout = Math.max(0, limit.since + limit.withinMs - performance.now());
    await expect.poll(() => byName(reflector.list()), { timeout, interval: 20 }).toEqual(wanted);
  };

  return {
    reflector,
    kube,
    metrics,
    told,
    async churn() {
      await change('changed', `round ${++round}`);
      await remove(`deleted-${round - 1}`);
      await create(`deleted-${round}`);
      await remove('recreated');
      await create('recreated');
    },
    async expectNothingLost(limit) {
      await comesThrough(limit);
      expect(byName([...mirror.values()])).toEqual(byName(reflector.list()));
      await expect.poll(() => reflector.state.kind, { timeout: 5_000, interval: 20 }).toBe('watching');
      expect(reflector.wedged).toBe(false);
      await change('changed', `after round ${round}`);
      await comesThrough({ since: performance.now(), withinMs: 3_000 });
      await expect.poll(() => reflector.lastError, { timeout: 5_000, interval: 20 }).toBeUndefined();
    },
    async stop() {
      stopping.abort();
      await loop;
      await kube.close();
    },
  };
}
