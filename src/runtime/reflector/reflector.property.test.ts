/** The reflector beside a model of the server: whatever happens, the store ends up equal, and its listeners with it. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { silentLogger } from '../logger.ts';
import { createMetrics } from '../metrics.ts';
import { createFakeClock } from '../testing/fake-clock.ts';
import { createModelServer, identify, type ModelObject, type ModelServer } from '../testing/model-server.ts';
import { createReflector } from './reflector.ts';
import type { Change } from './store.ts';

interface Kept {
  readonly uid: string;
  readonly version: number;
  /** "name uid version value" */
  readonly identity: string;
}

const isBad = ({ value }: ModelObject): boolean => value === 'bad';
const isUnwanted = ({ value }: ModelObject): boolean => value === 'unwanted';
function keep(raw: ModelObject): Kept | null {
  if (isBad(raw)) throw new TypeError('bad');
  if (isUnwanted(raw)) return null;
  const { uid, resourceVersion } = raw.metadata;
  return { uid, version: Number(resourceVersion), identity: identify(raw) };
}

/** One thing that happens: to the server's content, to its streams, or time passes. */
type Happening =
  | { readonly what: 'pass'; readonly ms: number }
  | { readonly what: 'server'; readonly does: (server: ModelServer) => void; readonly name: string };

const server = (name: string, does: (server: ModelServer) => void): Happening => ({
  what: 'server',
  does,
  name,
});
const names = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const values = fc.constantFrom('one', 'two', 'three', 'bad', 'unwanted');
const faults = fc.constantFrom(...(['end', 'garbage', 0, 403, 410, 429, 500, 503] as const));
const changes = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.tuple(names, values).map(([n, v]) => server(`put ${n} ${v}`, (s) => s.put(n, v))),
  },
  { weight: 2, arbitrary: names.map((n) => server(`remove ${n}`, (s) => s.remove(n))) },
  {
    weight: 1,
    arbitrary: names.map((n) =>
      server(`recreate ${n} unseen`, (s) => {
        s.remove(n);
        s.put(n, 'one');
        s.compact();
      }),
    ),
  },
);
const pass = fc
  .oneof(fc.constant(0), fc.integer({ min: 1, max: 3_000 }), fc.integer({ min: 3_000, max: 400_000 }))
  .map((ms): Happening => ({ what: 'pass', ms }));
const trouble = fc.oneof(
  faults.map((fault) => server(`fail ${fault}`, (s) => s.fail(fault))),
  fc.integer({ min: 0, max: 4 }).map((ago) => server(`repeat ${ago} ago`, (s) => s.repeat(ago))),
  fc.boolean().map((is) => server(`stall ${is}`, (s) => s.stall(is))),
  fc.constant(server('compact', (s) => s.compact())),
  fc
    .constantFrom('yes' as const, 'refused' as const, 'ignored' as const)
    .map((how) => server(`streams lists: ${how}`, (s) => s.streamsLists(how))),
);
const happening = fc.oneof(
  { weight: 4, arbitrary: changes },
  { weight: 3, arbitrary: pass },
  { weight: 3, arbitrary: trouble },
);

async function live(happenings: readonly Happening[], random: () => number) {
  const clock = createFakeClock();
  const model = createModelServer();
  const mirror = new Map<string, Kept>();
  const broken: string[] = [];
  const reflector = createReflector<ModelObject, Kept>({
    source: model.source,
    transform: keep,
    logger: silentLogger,
    metrics: createMetrics(),
    clock,
    random,
  });
  // Who hears every change knows the same as who reads the store: nothing is told twice, nothing is left out.
  reflector.onChange((change: Change<Kept>) => {
    const { kind, key, object } = change;
    const known = mirror.get(key);
    if (kind === 'added' && known) broken.push(`${key} added twice`);
    if (kind === 'modified' && known !== change.old) broken.push(`${key} changed from what nobody knew`);
    if (kind === 'modified' && known?.uid !== object.uid)
      broken.push(`${key} is another one, told as a change`);
    if (kind === 'deleted' && known !== object) broken.push(`${key} deleted that was not there`);
    if (kind === 'deleted' && isThere(object)) broken.push(`${key} deleted that is still there`);
    if (kind !== 'deleted' && known && known.version >= object.version) broken.push(`${key} went backwards`);
    if (kind === 'deleted') mirror.delete(key);
    else mirror.set(key, object);
  });
  const isThere = ({ identity }: Kept): boolean =>
    [...model.objects.values()].some((object) => identify(object) === identity);
  const stop = new AbortController();
  const loop = reflector.start(stop.signal);
  for (const happening of happenings) {
    if (happening.what === 'server') happening.does(model);
    else await clock.advance(happening.ms);
    for (const { identity } of reflector.list())
      if (!model.ever.has(identity)) broken.push(`never existed: ${identity}`);
  }
  // The server is healthy again; seven minutes cover the longest silence and the longest back-off. Without bookmarks
  // the watch itself would time out at some point in them, perhaps just before the end.
  model.stall(false);
  model.streamsLists('yes');
  for (let minute = 0; minute < 7; minute++) {
    await clock.advance(60_000);
    model.bookmark();
  }
  await clock.settle();
  return { clock, model, mirror, broken, reflector, stop, loop };
}

function expectEqual({ model, mirror, broken, reflector }: Awaited<ReturnType<typeof live>>): void {
  const there = [...model.objects.values()];
  const wanted = there.filter((object) => !isBad(object) && !isUnwanted(object)).map(identify);
  expect(broken).toEqual([]);
  const sorted = (words: readonly string[]): readonly string[] =>
    words.toSorted((a, b) => a.localeCompare(b));
  const identities = (all: Iterable<Kept>): readonly string[] =>
    sorted([...all].map(({ identity }) => identity));
  expect(identities(reflector.list())).toEqual(sorted(wanted));
  expect(identities(mirror.values())).toEqual(sorted(wanted));
  const bad = there.filter(isBad).map(({ metadata }) => metadata.name);
  expect(sorted(reflector.malformedKeys())).toEqual(sorted(bad));
  expect(reflector.isSynced).toBe(true);
  expect(reflector.lastError).toBeUndefined();
  expect(reflector.state.kind).toBe('watching');
  expect(reflector.wedged).toBe(false);
}

const chance = fc.array(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), {
  minLength: 1,
  maxLength: 8,
});
const drawnFrom = (numbers: readonly number[]) => {
  let draw = 0;
  return () => numbers[draw++ % numbers.length] ?? 0;
};

it('equals the server after any trouble, tells each change once, and never goes back to an older version', async () => {
  const property = fc.asyncProperty(
    fc.array(happening, { maxLength: 50, size: 'max' }),
    chance,
    async (happenings, numbers) => {
      const life = await live(happenings, drawnFrom(numbers));
      expectEqual(life);
      expect(life.model.watchedFrom).toEqual(life.model.watchedFrom.toSorted((a, b) => a - b));
      life.stop.abort();
      await life.loop;
      expect(life.reflector.state).toEqual({ kind: 'stopped' });
      expect(life.clock.pendingTimers).toBe(0);
    },
  );
  await fc.assert(property, { numRuns: 2_000 });
}, 120_000);
