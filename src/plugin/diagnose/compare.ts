/** This node beside a healthy one, line by line: the comparison by which such an incident is solved by hand. Pure. */
import type { SavedText } from '../../diagnosis/case.ts';
import { placeOf } from '../../diagnosis/exam/exam-facts.ts';
import { gradeResolvConf } from '../../diagnosis/resolv-conf.ts';
import type { GatheredPod } from './gathered.ts';
import type { Configz } from './kubelet-facts.ts';

export interface ComparedRow {
  readonly what: string;
  /** Undefined if it is not known. */
  readonly here?: string;
  readonly there?: string;
  /** Undefined if one side is not known. */
  readonly same?: boolean;
}

export interface Comparison {
  readonly node: string;
  readonly sibling: { readonly pod: string; readonly node: string };
  /** What decides comes first, whether it differs or not; then every other setting of the kubelet that differs. */
  readonly rows: readonly ComparedRow[];
  /** What shows the resolv.conf that each of the two hands out to a new pod. */
  readonly command: string;
}

export function compare(pod: GatheredPod, sibling: GatheredPod): Comparison {
  const here = pod.facts.pod?.node ?? '';
  const there = sibling.facts.pod?.node ?? '';
  return {
    node: here,
    sibling: { pod: sibling.facts.pod?.name ?? '', node: there },
    rows: [
      ...DECISIVE.map(({ what, of }) => row(what, of(pod), of(sibling))),
      ...settings(pod, sibling),
    ].filter(
      ({ what, here, there }) => here !== undefined || (there !== undefined && what.startsWith(SERVERS)),
    ),
    command: `kubectl dnshealth check ${here} ${there}`,
  };
}

interface Line {
  readonly what: string;
  readonly of: (pod: GatheredPod) => string | undefined;
}

/** Worth showing of the healthy side alone: it is what the other side should have. */
const SERVERS = 'DNS servers';

const DECISIVE: readonly Line[] = [
  { what: 'kubelet resolvConf', of: ({ facts }) => quoted(facts.kubelet?.running?.value) },
  {
    what: 'resolvConf is set in',
    of: ({ facts }) =>
      [facts.kubelet?.place, ...(facts.kubelet?.layers ?? [])]
        .flatMap((layer) => (layer ? [placeOf(layer)] : []))
        .at(-1),
  },
  { what: 'DNS servers of this pod', of: ({ facts }) => servers(facts.sandboxResolvConf) },
  { what: 'DNS servers of a new pod', of: ({ facts }) => servers(facts.newPodResolvConf) },
  { what: 'answers for the cluster', of: answersOf('Cluster') },
  { what: 'answers for the outside', of: answersOf('External') },
  {
    what: 'Corefile',
    of: ({ facts }) => facts.corefile && `${facts.corefile.source} (${digest(facts.corefile.text)})`,
  },
  { what: 'CoreDNS image', of: ({ facts }) => facts.pod?.container?.image },
  { what: 'operating system', of: ({ facts }) => facts.node?.osImage },
  { what: 'kubelet version', of: ({ facts }) => facts.node?.kubeletVersion },
  { what: 'container runtime', of: ({ node }) => node?.runtime },
  { what: 'kernel', of: ({ node }) => node?.kernel },
  { what: 'node booted', of: ({ times }) => time(times?.bootedAt) },
  {
    what: 'kubelet started',
    of: ({ facts, times }) => time(facts.node?.kubeletStartedAt ?? times?.kubeletStartedAt),
  },
  { what: 'pod sandbox created', of: ({ facts }) => time(facts.pod?.createdAt) },
];

function row(what: string, here: string | undefined, there: string | undefined): ComparedRow {
  return {
    what,
    ...(here === undefined ? {} : { here }),
    ...(there === undefined ? {} : { there }),
    ...(here === undefined || there === undefined ? {} : { same: here === there }),
  };
}

/** An empty value is a value: it means "no file". */
const quoted = (value: string | undefined): string | undefined => (value === '' ? '"" (no file)' : value);

function servers(file: SavedText | undefined): string | undefined {
  if (file === undefined) return undefined;
  const { nameservers } = gradeResolvConf(file.text, { clusterDNS: [], nodeLocalDNS: [], node: [] });
  return nameservers.join(', ') || 'none';
}

function answersOf(scope: 'Cluster' | 'External') {
  return ({ facts }: GatheredPod): string | undefined => {
    const asked = (facts.answers ?? []).filter((answer) => answer.scope === scope);
    if (asked.length === 0) return undefined;
    return asked.some(({ ok }) => ok) ? 'yes' : `no: ${asked.at(-1)?.result}`;
  };
}

/** Short enough for a column, and equal only for equal texts as far as chance goes. Not for secrets: FNV-1a, 32 bits. */
function digest(text: string): string {
  let hash = 0x811c9dc5;
  for (const char of text) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return hash.toString(16).padStart(8, '0');
}

const time = (ms: number | undefined): string | undefined =>
  ms === undefined || ms === 0
    ? undefined
    : new Date(ms)
        .toISOString()
        .replace('T', ' ')
        .replace(/\.\d+Z$/, ' UTC');

/** They differ on every node, and say nothing about DNS. */
const OWN_TO_A_NODE: ReadonlySet<string> = new Set(['resolvConf', 'providerID', 'podCIDR', 'address']);

function settings(pod: GatheredPod, sibling: GatheredPod): readonly ComparedRow[] {
  if (!pod.configz || !sibling.configz) return [];
  const [here, there] = [flat(pod.configz), flat(sibling.configz)];
  return [...new Set([...here.keys(), ...there.keys()])]
    .filter((key) => !OWN_TO_A_NODE.has(key) && here.get(key) !== there.get(key))
    .toSorted()
    .map((key) => ({
      what: `kubelet ${key}`,
      here: here.get(key) ?? '(not set)',
      there: there.get(key) ?? '(not set)',
      same: false,
    }));
}

/** `authentication.x509.clientCAFile` to its value as JSON; a list is one value. */
function flat(configz: Configz, prefix = ''): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(configz).flatMap(([key, value]): readonly (readonly [string, string])[] =>
      value !== null && typeof value === 'object' && !Array.isArray(value)
        ? [...flat(value as Configz, `${prefix}${key}.`)]
        : [[prefix + key, typeof value === 'string' ? value : JSON.stringify(value)]],
    ),
  );
}
