/** The reflector against a model of the server: after any fault, the store and its listeners end up equal to the server. */
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

/** One step: the server's content changes, its streams fail, or time passes. */
type Step =
  | { readonly what: 'pass'; readonly ms: number }
  | { readonly what: 'server'; readonly does: (server: ModelServer) => void; readonly name: string };

const server = (name: string, does: (server: ModelServer) => void): Step => ({
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
  .map((ms): Step => ({ what: 'pass', ms }));
const problems = fc.oneof(
  faults.map((fault) => server(`fail ${fault}`, (s) => s.fail(fault))),
  fc.integer({ min: 0, max: 4 }).map((ago) => server(`repeat ${ago} ago`, (s) => s.repeat(ago))),
  fc.boolean().map((is) => server(`stall ${is}`, (s) => s.stall(is))),
  fc.constant(server('compact', (s) => s.compact())),
  fc
    .constantFrom('yes' as const, 'refused' as const, 'ignored' as const)
    .map((how) => server(`streams lists: ${how}`, (s) => s.streamsLists(how))),
);
const step = fc.oneof(
  { weight: 4, arbitrary: changes },
  { weight: 3, arbitrary: pass },
  { weight: 3, arbitrary: problems },
);

async function play(steps: readonly Step[], random: () => number) {
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
  // A listener that applies every change ends up with the content of the store: nothing is reported twice or left out.
  reflector.onChange((change: Change<Kept>) => {
    const { kind, key, object } = change;
    const known = mirror.get(key);
    if (kind === 'added' && known) broken.push(`${key} added twice`);
    if (kind === 'modified' && known !== change.old) broken.push(`${key} changed from an unknown object`);
    if (kind === 'modified' && known?.uid !== object.uid)
      broken.push(`${key} was re-created, but reported as modified`);
    if (kind === 'deleted' && known !== object) broken.push(`${key} deleted but unknown`);
    if (kind === 'deleted' && isThere(object)) broken.push(`${key} deleted but still there`);
    if (kind !== 'deleted' && known && known.version >= object.version) broken.push(`${key} went backwards`);
    if (kind === 'deleted') mirror.delete(key);
    else mirror.set(key, object);
  });
  const isThere = ({ identity }: Kept): boolean =>
    [...model.objects.values()].some((object) => identify(object) === identity);
  const stop = new AbortController();
  const loop = reflector.start(stop.signal);
  for (const step of steps) {
    if (step.what === 'server') step.does(model);
    else await clock.advance(step.ms);
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

function expectEqual({ model, mirror, broken, reflector }: Awaited<ReturnType<typeof play>>): void {
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

it('converges to the server after any fault, reports each change once, and never returns to an older version', async () => {
  const property = fc.asyncProperty(
    fc.array(step, { maxLength: 50, size: 'max' }),
    chance,
    async (steps, numbers) => {
      const run = await play(steps, drawnFrom(numbers));
      expectEqual(run);
      expect(run.model.watchedFrom).toEqual(run.model.watchedFrom.toSorted((a, b) => a - b));
      run.stop.abort();
      await run.loop;
      expect(run.reflector.state).toEqual({ kind: 'stopped' });
      expect(run.clock.pendingTimers).toBe(0);
    },
  );
  await fc.assert(property, { numRuns: 2_000 });
});
