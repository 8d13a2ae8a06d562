/** Derives from a case what its causes are judged by: the crash, the Corefile, the graded files, the kubelet's value. */
import type { KnownAddresses, ResolvConfClass } from '../../api/agent-protocol.ts';
import { NODE_LOCAL_DNS } from '../../api/node-local-dns.ts';
import type { Case, CaseKubelet, KubeletLayer, SavedText } from '../case.ts';
import type { CrashDiagnosis, Death, Diagnosis, Evidence, LoopDiagnosis } from '../evidence.ts';
import { canonical } from '../ip-address.ts';
import { corednsVersion, plainLines } from '../log-lines.ts';
import { type LoopFacts, loopFacts } from '../loop-facts.ts';
import { isNodeLocalDns } from '../node-local.ts';
import { gradeResolvConf } from '../resolv-conf.ts';
import { unwrapSavedLog } from '../saved-log.ts';
import { deathOf, isTruncatedLoop } from './assumed-death.ts';
import { type CorefileView, viewCorefile } from './corefile-view.ts';
import { type LateSigns, lateSigns } from './late-signs.ts';

export interface ExamFacts {
  readonly case: Case;
  readonly names: ExamNames;
  /** What the log of the last crash says, if it was a loop. */
  readonly loop: { readonly diagnosis: LoopDiagnosis; readonly facts: LoopFacts } | undefined;
  /** The same, if it was not. Undefined also if the container has not crashed. */
  readonly crash: CrashDiagnosis | undefined;
  /** The log ends within the line of the loop plugin: certainly a loop, of unknown origin. */
  readonly truncatedLoop: string | undefined;
  readonly lines: readonly string[];
  readonly corefile: CorefileView;
  /** The pod takes its nameservers from the file of the node. False: from its template, or from the host. */
  readonly takesNodeFile: boolean;
  /** What this pod was given. */
  readonly sandbox: GradedText | undefined;
  /** What a new pod would be given: seen in one, or else the file of the node that the kubelet reads. */
  readonly next: GradedText | undefined;
  /** What matters to the loop: what this pod was given, or else what its successor will be. */
  readonly given: GradedText | undefined;
  /** /etc/resolv.conf of the node. */
  readonly hostDefault: GradedText | undefined;
  /** systemd-resolved's own file. */
  readonly uplink: GradedText | undefined;
  /** A usable file of the node for resolvConf, or where one usually is. */
  readonly target: { readonly path: string; readonly seen: boolean };
  readonly kubelet: KubeletFacts;
  readonly isNodeLocal: boolean;
  readonly late: LateSigns;
}

export interface ExamNames {
  readonly pod: string;
  readonly namespace: string;
  readonly node: string;
  readonly configMap: string;
  /** Kind and name, as kubectl takes them. */
  readonly workload: string;
}

export interface GradedText extends SavedText {
  readonly class: ResolvConfClass;
  readonly nameservers: readonly string[];
}

export interface KubeletFacts {
  /** Of the running process, or else what takes effect when it is started. Undefined if neither was seen. */
  readonly value: string | undefined;
  readonly source: string;
  readonly layers: readonly KubeletLayer[] | undefined;
  readonly place: KubeletLayer | undefined;
  readonly declared: CaseKubelet['declared'];
}

export const UPLINK = '/run/systemd/resolve/resolv.conf';
const HOST_DEFAULT = '/etc/resolv.conf';
/** Files with real upstream servers, by preference. The policy allows the first two. */
const TARGETS: readonly string[] = [
  UPLINK,
  '/run/NetworkManager/no-stub-resolv.conf',
  '/run/NetworkManager/resolv.conf',
  '/run/dnsmasq/resolv.conf',
];

/** `diagnose` is an argument, because the causes that it knows import from here. */
export function examFacts(given: Case, diagnose: (evidence: Evidence) => Diagnosis): ExamFacts {
  const log = given.log === undefined ? undefined : unwrapSavedLog(given.log);
  const lines = plainLines(log ?? '');
  const corefile = viewCorefile(given);
  const names = namesOf(given);
  const isNodeLocal = isNodeLocalDns({ workload: names.workload, pod: given.pod?.name ?? '' });
  const death = deathOf(given.pod?.container?.death, log);
  const evidence = death && evidenceOf(given, death, log ?? '', names);
  const diagnosis = evidence && diagnose(evidence);
  const grade = grader(given, corednsVersion(lines));
  const host = (path: string) => grade(given.hostFiles.find(({ source }) => alias(source) === path));
  const kubelet = kubeletFacts(given.kubelet);
  const sandbox = grade(given.sandboxResolvConf);
  const configured = kubelet.value === undefined ? undefined : host(alias(kubelet.value));
  const next = grade(given.newPodResolvConf) ?? configured;
  const usable = TARGETS.find((path) => host(path)?.class === 'ok');
  return {
    case: given,
    names,
    loop:
      diagnosis?.kind === 'loop' && evidence
        ? { diagnosis, facts: loopFacts(evidence, diagnosis.sighting) }
        : undefined,
    crash: diagnosis?.kind === 'crash' ? diagnosis : undefined,
    truncatedLoop: diagnosis?.kind === 'loop' ? undefined : lines.findLast(isTruncatedLoop),
    lines,
    corefile,
    takesNodeFile: takesNodeFile(given),
    sandbox,
    next,
    given: sandbox ?? next,
    hostDefault: host(HOST_DEFAULT),
    uplink: host(UPLINK),
    target: { path: usable ?? UPLINK, seen: usable !== undefined },
    kubelet,
    isNodeLocal,
    late: lateSigns(given, lines),
  };
}

/** `/var/run` is a link to `/run` on every host with systemd. */
const alias = (path: string): string => path.replace(/^\/var\/run\//, '/run/');

function namesOf({ pod, node, configMap = 'coredns' }: Case): ExamNames {
  const workload = pod?.workload ?? { kind: 'Deployment', name: 'coredns' };
  return {
    pod: pod?.name ?? 'POD',
    namespace: pod?.namespace ?? 'kube-system',
    node: pod?.node ?? node?.name ?? 'NODE',
    configMap,
    workload: `${workload.kind.toLowerCase()} ${workload.name}`,
  };
}

/** Without the pod, that of kubeadm and kubespray is assumed; the examination names it as missing. */
function evidenceOf(given: Case, death: Death, log: string, names: ExamNames): Evidence {
  const { pod } = given;
  return {
    death,
    log,
    ...(given.corefile && { corefile: given.corefile.text }),
    configMap: names.configMap,
    workload: names.workload,
    pod: {
      ips: pod?.ips ?? [],
      hostNetwork: pod?.hostNetwork ?? false,
      dnsPolicy: pod?.dnsPolicy ?? 'Default',
      dnsConfigNameservers: pod?.dnsConfigNameservers ?? [],
    },
    clusterDNS: given.clusterDNS,
  };
}

const takesNodeFile = ({ pod }: Case): boolean =>
  pod === undefined ||
  (!pod.hostNetwork && pod.dnsPolicy === 'Default' && pod.dnsConfigNameservers.length === 0);

function grader(given: Case, version: string | undefined) {
  const known: KnownAddresses = {
    clusterDNS: [...given.clusterDNS],
    nodeLocalDNS: [...NODE_LOCAL_DNS, ...given.nodeLocalDNS],
    node: [...(given.node?.addresses ?? [])],
    ...(version !== undefined && { corednsVersion: version }),
  };
  return (saved: SavedText | undefined): GradedText | undefined =>
    saved && { ...saved, ...gradeResolvConf(saved.text, known) };
}

function kubeletFacts(kubelet: CaseKubelet | undefined): KubeletFacts {
  const { layers, place, declared, running } = kubelet ?? {};
  const known = { layers, place, declared };
  const last = layers?.at(-1) ?? place;
  if (running) return { ...running, ...known };
  if (last) return { value: last.value, source: placeOf(last), ...known };
  return { value: undefined, source: '', ...known };
}

export const placeOf = ({ kind, path, line }: KubeletLayer): string =>
  `${kind === 'flag' ? '--resolv-conf in ' : ''}${path}${line === undefined ? '' : `:${line}`}`;

/** The nameservers of a file that lead back into the cluster. */
export function clusterServersIn({ nameservers }: GradedText, { case: given }: ExamFacts): readonly string[] {
  const cluster = new Set([...given.clusterDNS, ...NODE_LOCAL_DNS, ...given.nodeLocalDNS].map(canonical));
  return nameservers.filter((server) => cluster.has(canonical(server)));
}

/** Why the file that the pod was given explains where its query came back from, in a sentence; null if it does not. */
export function cameThroughTheList(facts: ExamFacts): string | null {
  const listed = facts.given ? clusterServersIn(facts.given, facts) : [];
  if (listed.length === 0) return null;
  return `The query came back through ${listed.join(', ')}, which ${facts.given?.source} lists.`;
}
