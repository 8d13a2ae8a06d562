/** What the records of the operator say of a pod and its node: as facts where they still hold, and as evidence of their time. Pure. */
import type { GradedFile, RepairReport } from '../../api/agent-protocol.ts';
import { podOf } from '../../api/trigger.ts';
import type { Case, CaseKubelet, KubeletLayer, SavedText } from '../../diagnosis/case.ts';
import type { EvidenceLine } from '../../diagnosis/examination.ts';
import { isOfFileAlone } from '../../remediation/facts.ts';
import type { Remediation } from '../../remediation/world.ts';
import type { GatheredPod, OperatorKnowledge } from './gathered.ts';

/** Older ones say nothing of the node as it is now. */
const RECORDS = 3;

export function withRecords(pod: GatheredPod, operator: OperatorKnowledge): GatheredPod {
  if (operator.kind !== 'installed' || pod.node?.uid === undefined) return pod;
  const { uid } = pod.node;
  const records = operator.remediations
    .filter(({ spec, unreadable }) => unreadable === null && spec.node.uid === uid)
    .toSorted((a, b) => b.createdAt - a.createdAt)
    .slice(0, RECORDS);
  const informed = records.reduce<Case>((facts, record) => ({ ...factsOf(record, facts), ...facts }), {
    ...pod.facts,
  });
  return {
    ...pod,
    facts: {
      ...informed,
      hostFiles: hostFilesOf(records, pod.facts),
      ...kubeletOf(records, pod.facts),
    },
    notes: [...pod.notes, ...records.flatMap(notesOf)],
  };
}

/** What is not known otherwise: the line that the operator had read before the log was rotated, and checks of the node. */
function factsOf(record: Remediation, facts: Case): Partial<Case> {
  const { spec } = record;
  const checks = checksOf(record).filter(({ at }) => at >= lastChange(facts));
  const death = facts.pod?.container?.death;
  return {
    ...(spec.trigger === 'Crash' &&
    podOf(spec)?.name === facts.pod?.name &&
    death?.finishedAt === Date.parse(spec.sighting.diedAt)
      ? { log: `CoreDNS-${spec.sighting.corednsVersion ?? ''}\n${spec.sighting.line}\n` }
      : {}),
    ...newest(checks),
  };
}

function newest(checks: readonly Check[]): Pick<Case, 'newPodResolvConf'> {
  const [last] = checks.toSorted((a, b) => b.at - a.at).flatMap(({ file }) => (file ? [file] : []));
  return last ? { newPodResolvConf: last } : {};
}

interface Check {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly file: SavedText | undefined;
  readonly note: EvidenceLine;
}

/** Pods that were started on the node to see what they are given. */
function checksOf({ name, spec, status }: Remediation): readonly Check[] {
  const proven = status.steps.find((step) => step.name === 'Prove');
  const checked = (message: string, given: GradedFile | undefined): string =>
    `A new pod on ${spec.node.name} was checked: ${message}${given ? ` It was given ${serversOf(given)}.` : ''}`;
  const seen: { readonly at: string; readonly given: GradedFile | undefined; readonly text: string }[] = [];
  if (spec.trigger === 'LateLoop') {
    const { checkedAt, resolvConf, message } = spec.lateLoop.check;
    seen.push({ at: checkedAt, given: resolvConf, text: checked(message, resolvConf) });
  }
  if (spec.trigger === 'Drift' && spec.drift.check) {
    const { checkedAt, resolvConf, message } = spec.drift.check;
    seen.push({ at: checkedAt, given: resolvConf, text: message });
  }
  if (status.proof && proven) {
    const { resolvConf, message } = status.proof;
    seen.push({ at: proven.startedAt, given: resolvConf, text: checked(message, resolvConf) });
  }
  return seen.map(({ at, given, text }) => ({
    at: Date.parse(at),
    file: given && textOf(given, `a new pod, DNSRemediation ${name}, ${at}`),
    note: { source: `DNSRemediation ${name}, ${at}`, text },
  }));
}

/**
 * A restart of the kubelet may bring another setting, and a pod that was created later shows more than the record. Never,
 * where the start is not known.
 */
export function lastChange({ node, pod }: Case): number {
  return Math.max(node?.kubeletStartedAt ?? Infinity, pod?.createdAt ?? 0);
}

/** When the agent looked, before it changed anything. */
const lookedAt = (record: Remediation): number => Date.parse(momentOf(seenOnNode(record)) ?? '');

/** By a repair, or by the inspection of a node that was left alone. */
const seenOnNode = ({ status }: Remediation): Seen | undefined => status.repair ?? status.inspection;
type Seen = Pick<RepairReport, 'effective' | 'current' | 'target' | 'message' | 'times'>;
const momentOf = (seen: Seen | undefined): string | undefined => seen?.times.decided ?? seen?.times.started;

/** By path, the newest of each; what is known otherwise comes first. */
function hostFilesOf(records: readonly Remediation[], facts: Case): readonly SavedText[] {
  const found = records
    .filter((record) => lookedAt(record) >= lastChange(facts))
    .map(seenOnNode)
    .flatMap((seen) => [seen?.current, seen?.target])
    .flatMap((file) => (file ? (textOf(file, file.path) ?? []) : []));
  return [...facts.hostFiles, ...found].filter(
    ({ source }, index, all) => all.findIndex((other) => other.source === source) === index,
  );
}

/** Where the value of the kubelet that runs is from: it has read that place when it was started. */
function kubeletOf(records: readonly Remediation[], { kubelet, node }: Case): Pick<Case, 'kubelet'> {
  const found = records
    // A file that the running kubelet has not read says nothing of its value.
    .filter((record) => !isOfFileAlone(record) && lookedAt(record) >= (node?.kubeletStartedAt ?? Infinity))
    .map(seenOnNode)
    .flatMap((seen) => (seen?.effective ? (layerOf(seen.effective) ?? []) : []))
    .find(({ value }) => kubelet?.running === undefined || kubelet.running.value === value);
  const known: CaseKubelet | undefined = found ? { ...kubelet, place: found } : kubelet;
  return known ? { kubelet: known } : {};
}

/** `--resolv-conf in /etc/kubernetes/kubelet.env:3`, or a file without the flag; nothing else names one place. */
const PLACE = /^(?<flag>--resolv-conf in )?(?<path>\/[^\s,:]+)(?::(?<line>\d+))?$/;

function layerOf({ value, source }: { readonly value: string; readonly source: string }) {
  const { flag, path, line } = PLACE.exec(source)?.groups ?? {};
  if (path === undefined) return undefined;
  const layer: KubeletLayer = {
    kind: flag === undefined ? 'config' : 'flag',
    value,
    path,
    ...(line === undefined ? {} : { line: Number(line) }),
  };
  return layer;
}

function notesOf(record: Remediation): readonly EvidenceLine[] {
  const { name, spec, status } = record;
  const { guard } = status;
  const seen = seenOnNode(record);
  const source = (at: string | undefined): string =>
    `DNSRemediation ${name}${at === undefined ? '' : `, ${at}`}`;
  const looked = seen && {
    source: source(momentOf(seen)),
    text: [
      seen.effective &&
        !isOfFileAlone(record) &&
        `resolvConf of the kubelet on ${spec.node.name} was ${seen.effective.value || '""'}, set by ${seen.effective.source}.`,
      seen.current && `${seen.current.path}: ${serversOf(seen.current)}.`,
      seen.target && `${seen.target.path}: ${serversOf(seen.target)}.`,
      seen.message,
    ]
      .filter(Boolean)
      .join(' '),
  };
  const pending =
    spec.trigger === 'Drift' && spec.drift.file
      ? [{ source: source(spec.drift.foundAt), text: spec.drift.file.message }]
      : [];
  return [
    ...pending,
    ...(looked ? [looked] : []),
    ...(guard ? [{ source: source(guard.times.finished), text: guard.message }] : []),
    ...checksOf(record).map(({ note }) => note),
  ];
}

const serversOf = ({ class: grade, nameservers }: GradedFile): string =>
  `${nameservers.join(', ') || 'no nameserver'} (${grade})`;

/** Undefined of a file that was not there or could not be read as one. */
function textOf({ class: grade, nameservers, text }: GradedFile, source: string): SavedText | undefined {
  if (grade === 'missing' || grade === 'invalid') return undefined;
  return { source, text: text ?? nameservers.map((server) => `nameserver ${server}\n`).join('') };
}
