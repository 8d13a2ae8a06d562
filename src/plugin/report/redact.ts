/**
 * Replaces names and addresses of a cluster by stand-ins, the same one each time, so that a page can be given to others.
 * What the diagnosis is about stays: loopback addresses, those of node-local DNS, and names that every cluster has.
 */
import { REJECTED_BY_ANNOTATION } from '../../api/keys.ts';
import { NODE_LOCAL_DNS } from '../../api/node-local-dns.ts';
import { STEP_NAMES } from '../../api/remediation.ts';
import { podOf } from '../../api/trigger.ts';
import { isSelf, parseIp } from '../../diagnosis/ip-address.ts';
import { evidenceOf, mapped, type StoredRecord } from './record.ts';

/** Fields with words of our own: a node that is called `repair` must not change what the record says. */
const OWN_WORDS: ReadonlySet<string> = new Set(
  'apiVersion kind phase reason type status verb outcome class layout strategy because mode trigger cause scope protocol hold confidence sha256Before sha256After'.split(
    ' ',
  ),
);

export function redact(record: StoredRecord): StoredRecord {
  const replace = createReplacement(record);
  return mapped(record, (value, key) =>
    typeof value === 'string' && !isOwnWord(value, key) && !isStepName(value, key) && !isTime(value)
      ? replace(value)
      : value,
  ) as StoredRecord;
}

/** A reason in the words of a person is none of ours. */
const isOwnWord = (value: string, key: string): boolean => OWN_WORDS.has(key) && !/\s/.test(value);
const STEPS: ReadonlySet<string> = new Set(STEP_NAMES);
const isStepName = (value: string, key: string): boolean => key === 'name' && STEPS.has(value);
const isTime = (value: string): boolean => /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)$/.test(value);

/** Gives out stand-ins in the order in which originals are met. */
function standIns(make: (index: number) => string): (original: string) => string {
  const given = new Map<string, string>();
  return (original) => {
    const known = given.get(original) ?? make(given.size);
    given.set(original, known);
    return known;
  };
}

/** a, b, …, z, aa, ab, …: names of nodes and pods are in lower case. */
const letters = (index: number): string =>
  `${index >= 26 ? letters(Math.floor(index / 26) - 1) : ''}${String.fromCharCode(97 + (index % 26))}`;

/** The networks for documentation of RFC 5737 hold 254 addresses each. */
const ipv4 = (index: number): string => {
  const network = ['192.0.2', '198.51.100', '203.0.113'][Math.floor(index / 254)];
  return network === undefined ? `address-${index + 1}` : `${network}.${(index % 254) + 1}`;
};
const ipv6 = (index: number): string => `2001:db8::${(index + 1).toString(16)}`;

const UID = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi;
const IPV4 = /(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]*\w)/g;
const IPV6 = /(?<![\w:.])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?:%\w+)?(?![\w:])/gi;
/** With a dot between its labels, the last of which begins with a letter. */
const HOST_NAME =
  /(?<![\w./-])(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)+[a-z](?:[a-z0-9-]*[a-z0-9])?\.?(?![\w/-]*\w*\()/gi;

/** Names that say nothing of the cluster: of projects and their API groups, and those that no one owns. */
const PUBLIC =
  /(?:^|\.)(?:k8s\.io|kubernetes\.io|coredns\.io|dnshealth\.io|invalid|example(?:\.(?:com|net|org))?)\.?$/i;
/** Of every cluster. With other labels before them they name its Services, or an address. */
const OF_EVERY_CLUSTER =
  /^(?:(?:kubernetes\.default\.)?svc\.)?(?:cluster\.local|in-addr\.arpa|ip6\.arpa)\.?$/i;
/** The endings of files, which are no top-level domains that a cluster would use. */
const FILE =
  /\.(?:conf|ya?ml|json|env|service|go|log|crt|key|pem|sock|txt|d|html|md|ts|js|network|link)\.?$/i;

function createReplacement(record: StoredRecord): (text: string) => string {
  const address4 = standIns(ipv4);
  const address6 = standIns(ipv6);
  const host = standIns((index) => `host-${letters(index)}.example.`);
  const uid = standIns((index) => `00000000-0000-0000-0000-${String(index + 1).padStart(12, '0')}`);
  const names = namesOf(record);

  const replaceAddress = (text: string): string => {
    const parsed = parseIp(text);
    if (!parsed || isSelf(parsed) || (NODE_LOCAL_DNS as readonly string[]).includes(parsed.canonical))
      return text;
    return text.includes(':') ? address6(parsed.canonical) : address4(parsed.canonical);
  };
  const replaceHost = (text: string): string => {
    if (PUBLIC.test(text) || OF_EVERY_CLUSTER.test(text) || FILE.test(text)) return text;
    const standIn = host(text.toLowerCase().replace(/\.$/, ''));
    return text.endsWith('.') ? standIn : standIn.slice(0, -1);
  };

  return (text) => {
    const named = names.reduce((rest, { pattern, standIn }) => rest.replace(pattern, standIn), text);
    return named
      .replace(UID, (found) => uid(found.toLowerCase()))
      .replace(HOST_NAME, replaceHost)
      .replace(IPV4, replaceAddress)
      .replace(IPV6, replaceAddress);
  };
}

interface Name {
  readonly pattern: RegExp;
  readonly standIn: string;
}

/** Longest first: `node-1.example.com` before `node-1`. */
function namesOf(record: StoredRecord): readonly Name[] {
  const node = standIns((index) => `node-${letters(index)}`);
  const pod = standIns((index) => `pod-${letters(index)}`);
  const nodes = nodeNames(record).flatMap((name) =>
    [name, ...aliasesOf(name)].map((alias) => [alias, node(name)] as const),
  );
  const pods = podNames(record).map((name) => [name, pod(name)] as const);
  const namespace = standIns((index) => `namespace-${letters(index)}`);
  const user = standIns((index) => `user-${letters(index)}`);
  const others = [
    ...namespaceNames(record).map((name) => [name, namespace(name)] as const),
    ...userNames(record).map((name) => [name, user(name)] as const),
  ];
  const unique = new Map([...others, ...pods, ...nodes].filter(([name]) => name !== ''));
  return [...unique]
    .toSorted(([a], [b]) => b.length - a.length)
    .map(([name, standIn]) => ({
      // A remediation is called after its node: `node-1-dd60e7b3`.
      pattern: new RegExp(`(?<![A-Za-z0-9.])${literally(name)}(?![A-Za-z0-9])`, 'gi'),
      standIn,
    }));
}

const literally = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);

/** As the name of a remediation has it, and without the domain. */
function aliasesOf(name: string): readonly string[] {
  const [short = ''] = name.split('.');
  const dashed = name.replaceAll('.', '-').slice(0, 40).replace(/-+$/, '');
  return short === name || short.length < 4 ? [dashed] : [dashed, short];
}

function nodeNames({ spec, status, ...record }: StoredRecord): readonly string[] {
  const evidence = evidenceOf({ spec, status, ...record });
  return [
    spec.node.name,
    ...(evidence?.dnsPods ?? []).map(({ node }) => node),
    evidence?.sibling?.node ?? '',
    ...(spec.trigger === 'LateLoop' ? spec.lateLoop.siblings.map(({ node }) => node) : []),
    status.before?.node ?? '',
    status.verification?.node ?? '',
  ];
}

/** Those of other pods; the namespaces of every cluster say nothing of this one. */
const namespaceNames = ({ status }: StoredRecord): readonly string[] =>
  (status.otherPods?.pods ?? [])
    .map(({ namespace }) => namespace)
    .filter((name) => name !== 'default' && !/^(kube|dnshealth)-/.test(name));

/** Who used sudo when the file was changed, and who asked or answered. */
const userNames = ({ metadata, spec, status }: StoredRecord): readonly string[] => [
  ...[status.repair, status.inspection]
    .flatMap((report) => report?.rewritten?.neighbours ?? [])
    .flatMap(({ path }) => /^\/run\/sudo\/ts\/(?!root$)(.+)$/.exec(path)?.[1] ?? []),
  ...(spec.trigger === 'Request' ? [spec.request.by] : []),
  ...(spec.trigger === 'Rollback' ? [spec.rollback.by] : []),
  ...spec.settings.pause.map(({ by }) => by),
  status.approval?.by ?? '',
  metadata.annotations?.[REJECTED_BY_ANNOTATION] ?? '',
];

function podNames({ spec, status, ...record }: StoredRecord): readonly string[] {
  const evidence = evidenceOf({ spec, status, ...record });
  return [
    podOf(spec)?.name ?? '',
    ...(evidence?.dnsPods ?? []).map(({ name }) => name),
    ...(evidence?.podsWithNodeDNS ?? []),
    evidence?.sibling?.pod ?? '',
    ...(spec.trigger === 'LateLoop' ? spec.lateLoop.siblings.map(({ pod }) => pod) : []),
    status.before?.pod ?? '',
    status.verification?.pod ?? '',
    ...status.deletedPods.map(({ name }) => name),
    ...(status.plan?.recreates ?? []),
    ...(status.otherPods?.pods ?? []).flatMap(({ name, owner }) => [name, owner?.split('/')[1] ?? '']),
  ];
}
