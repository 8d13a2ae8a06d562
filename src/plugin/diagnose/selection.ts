/** `--node` and `--pod`: the DNS pods that were asked for, or an error that suggests names. Pure. */
import { PluginError } from '../errors.ts';
import { nearest } from '../terminal/nearest.ts';
import type { Gathered } from './gathered.ts';

export interface Selection {
  readonly node?: string;
  readonly pod?: string;
}

interface Placed {
  readonly name: string;
  readonly node: string;
}

/** @throws PluginError that suggests names where there is no such pod or node */
export function select<T>(
  pods: readonly T[],
  placeOf: (pod: T) => Placed,
  { node, pod }: Selection,
): readonly T[] {
  const named = pods.filter((each) => pod === undefined || placeOf(each).name === pod);
  if (pod !== undefined && named.length === 0)
    throw new PluginError(
      `there is no DNS pod ${pod}${hint(
        pod,
        pods.map((each) => placeOf(each).name),
      )}`,
    );
  const there = named.filter((each) => node === undefined || placeOf(each).node === node);
  if (node !== undefined && there.length === 0)
    throw new PluginError(
      `no ${pod === undefined ? 'DNS pod' : pod} runs on node ${node}${hint(
        node,
        pods.map((each) => placeOf(each).node),
      )}`,
    );
  return there;
}

/** Of saved files: the others stay known, to compare with. */
export function selectSaved(gathered: Gathered, selection: Selection): Gathered {
  if (selection.node === undefined && selection.pod === undefined) return gathered;
  const pods = select(
    gathered.pods,
    ({ facts }) => ({ name: facts.pod?.name ?? '', node: facts.pod?.node ?? '' }),
    selection,
  );
  return { ...gathered, pods, others: gathered.pods.filter((pod) => !pods.includes(pod)) };
}

/** How many are listed if none resembles the name. */
const SOME = 5;

function hint(name: string, known: readonly string[]): string {
  const names = nearest(name, known);
  const listed = names.length > 0 ? names : [...new Set(known)].filter(Boolean).slice(0, SOME);
  return listed.length === 0
    ? ''
    : `; ${names.length > 0 ? 'did you mean' : 'there are'} ${listed.join(', ')}`;
}
