/** A reflector under test: it follows one collection, and after any trouble it must show what a fresh list shows. */
import { expect } from 'vitest';
import { createKubeClient, type KubeClient } from '../../src/kube/client.ts';
import type { ClusterConfig } from '../../src/kube/config.ts';
import { type Fields, silentLogger } from '../../src/runtime/logger.ts';
import { createMetrics, type Metrics } from '../../src/runtime/metrics.ts';
import type { RawObject } from '../../src/runtime/reflector/list-watch.ts';
import { createReflector, type Reflector } from '../../src/runtime/reflector/reflector.ts';
import { failureOf } from '../../src/runtime/reflector/source-failure.ts';
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
  /** All changes in order, such as "added a". */
  readonly told: readonly string[];
  /** Directly on the apiserver: changes one object, deletes one, creates one, deletes and creates another one. */
  churn(): Promise<void>;
  /** Of the failures in which no server answered: how long it waited before it tried again. */
  readonly pausesMs: readonly number[];
  /**
   * The store becomes equal to a fresh list, a listener that heard every change knows the same, and the next change
   * arrives too, because the watch is open again.
   */
  expectNothingLost(): Promise<void>;
  stop(): Promise<void>;
}

/** What is promised of a server that does not answer, in place of the seconds until it is back, which the machine decides. */
const LONGEST_PAUSE_MS = 2_000;
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
 * @param config the connection under test; changes are made directly on the apiserver
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
  const pausesMs: number[] = [];
  const notePause = (_message: string, fields: Fields = {}): void => {
    const { error, waitMs } = fields;
    if (typeof waitMs === 'number' && failureOf(error).unreachable) pausesMs.push(waitMs);
  };
  const reflector = createReflector<Object, Followed>({
    source: kube.listWatch<Object>({ path }),
    transform: keep,
    logger: { ...silentLogger, child: () => ({ ...silentLogger, warn: notePause }) },
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
  const comesThrough = async (): Promise<void> => {
    const wanted = await fresh();
    await expect.poll(() => byName(reflector.list())).toEqual(wanted);
  };

  return {
    reflector,
    kube,
    metrics,
    told,
    pausesMs,
    async churn() {
      await change('changed', `round ${++round}`);
      await remove(`deleted-${round - 1}`);
      await create(`deleted-${round}`);
      await remove('recreated');
      await create('recreated');
    },
    async expectNothingLost() {
      await comesThrough();
      expect(Math.max(0, ...pausesMs)).toBeLessThanOrEqual(LONGEST_PAUSE_MS);
      expect(byName([...mirror.values()])).toEqual(byName(reflector.list()));
      await expect.poll(() => reflector.state.kind).toBe('watching');
      expect(reflector.wedged).toBe(false);
      await change('changed', `after round ${round}`);
      await comesThrough();
      await expect.poll(() => reflector.lastError).toBeUndefined();
    },
    async stop() {
      stopping.abort();
      await loop;
      await kube.close();
    },
  };
}
