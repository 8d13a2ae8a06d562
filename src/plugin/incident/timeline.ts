/** What happened in an incident, and when: the record of a DNSRemediation as entries in the order of time. Pure. */
import type { RemediationStatus, StepName } from '../../api/remediation.ts';
import type { Explanation } from '../../api/rewritten.ts';
import { beganAt, seenAt } from '../../api/trigger.ts';
import type { Remediation } from '../../remediation/world.ts';
import { beginningOf } from './beginning.ts';

/** The record as it was read. */
export type IncidentRecord = Pick<Remediation, 'name' | 'spec' | 'status'>;

export interface TimelineEntry {
  /** Names what happened, once for each attempt: a reader who follows the record knows by it what is new. */
  readonly id: string;
  /** RFC 3339. */
  readonly at: string;
  /** Since the incident began. */
  readonly seconds: number;
  readonly who: 'CoreDNS' | 'operator' | 'agent' | 'guard' | 'proof pod' | 'person';
  /** One sentence. */
  readonly text: string;
  /** What shows it, line by line: the line of a log, the lines of a change, the answers. */
  readonly details: readonly string[];
}

/** Entries of the same time stay in the order in which they happen. */
export function timelineOf(record: IncidentRecord): readonly TimelineEntry[] {
  const began = beganAt(record.spec);
  const attempt = (record.status.attempts.at(-1)?.number ?? 0) + 1;
  const happened: readonly Happened[] = [
    ...record.status.attempts.map(
      ({ number, endedAt, reason, message }): Happened => ({
        id: `attempt ${number}`,
        at: endedAt,
        who: 'operator',
        text: `Attempt ${number} ended with ${reason}; another one follows.`,
        details: [message],
      }),
    ),
    ...record.status.interference.map(
      ({ at, what, message }): Happened => ({
        id: `interference ${what} ${at}`,
        at,
        who: 'person',
        text: message,
        details: [],
      }),
    ),
    ...plans(record),
    ...MOMENTS.flatMap(({ what, when, who, text, details }): readonly Happened[] => {
      const at = when(record);
      if (at === undefined) return [];
      const id = ONCE.has(what) ? what : `${what} ${attempt}`;
      return [{ id, at, who, text: text(record), details: details?.(record) ?? [] }];
    }),
  ];
  return happened
    .toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at))
    .map((one) => ({ ...one, seconds: (Date.parse(one.at) - began) / 1000 }));
}

type Happened = Omit<TimelineEntry, 'seconds'>;

interface Moment {
  readonly what: string;
  readonly who: TimelineEntry['who'];
  /** undefined: it has not happened. */
  readonly when: (record: IncidentRecord) => string | undefined;
  readonly text: (record: IncidentRecord) => string;
  readonly details?: (record: IncidentRecord) => readonly string[];
}

/** What is not repeated by another attempt. */
const ONCE: ReadonlySet<string> = new Set(['began', 'found', 'asked', 'recorded', 'approved', 'ended']);

const ended = ({ steps }: RemediationStatus, name: StepName): string | undefined =>
  steps.find((step) => step.name === name)?.finishedAt;
const resultOf = ({ steps }: RemediationStatus, name: StepName): string =>
  steps.find((step) => step.name === name)?.message ?? '';

/** It may be made again, and is told again then. */
const plans = ({ status: { plan } }: IncidentRecord): readonly Happened[] =>
  plan === undefined
    ? []
    : [
        {
          id: `planned ${plan.number}`,
          at: plan.madeAt,
          who: 'agent',
          text: `Plan ${plan.number} is made: ${plan.summary}`,
          details: [
            ...changedLines(plan.diff),
            ...(plan.expiresAt === undefined ? [] : [`It can be approved until ${plan.expiresAt}.`]),
            `Hash ${plan.hash}`,
          ],
        },
      ];

const CRASHES: ReadonlySet<string> = new Set(['Crash', 'LateLoop']);

/** Of a unified diff: without the names of the files and the places. */
const changedLines = (diff = ''): readonly string[] =>
  diff
    .split('\n')
    .filter((line) => /^[+-](?![+-]{2} )/.test(line))
    .map((line) => `${line.slice(0, 1)} ${line.slice(1)}`);

/** In the order in which they happen. */
const MOMENTS: readonly Moment[] = [
  {
    what: 'began',
    who: 'CoreDNS',
    when: ({ spec }) => (CRASHES.has(spec.trigger) ? new Date(beganAt(spec)).toISOString() : undefined),
    text: ({ spec }) => beginningOf(spec).text,
    details: ({ spec }) => [beginningOf(spec).shownBy],
  },
  {
    what: 'found',
    who: 'operator',
    when: ({ spec }) => (spec.trigger === 'Drift' ? spec.drift.foundAt : undefined),
    text: ({ spec }) => beginningOf(spec).text,
    details: ({ spec }) => [beginningOf(spec).shownBy],
  },
  {
    what: 'asked',
    who: 'person',
    when: ({ spec }) =>
      spec.trigger === 'Request' || spec.trigger === 'Rollback'
        ? new Date(beganAt(spec)).toISOString()
        : undefined,
    text: ({ spec }) => beginningOf(spec).text,
  },
  {
    what: 'recorded',
    who: 'operator',
    when: ({ spec }) => seenAt(spec),
    text: ({ name, spec }) => `Recorded as DNSRemediation ${name} with the cause ${spec.cause}.`,
  },
  {
    what: 'approved',
    who: 'person',
    when: ({ status: { approval } }) => approval?.at,
    text: ({ status: { approval } }) => `${approval?.by} approved the plan with the hash ${approval?.hash}.`,
  },
  {
    what: 'inspected',
    who: 'agent',
    when: ({ status }) => ended(status, 'Inspect'),
    text: ({ spec, status: { inspection } }) =>
      inspection
        ? `${spec.node.name} was inspected, and nothing was changed there.`
        : `${spec.node.name} could not be inspected.`,
    details: ({ status }) => [resultOf(status, 'Inspect')],
  },
  {
    what: 'quarantined',
    who: 'operator',
    when: ({ status }) => ended(status, 'Quarantine'),
    text: ({ spec, status }) =>
      `${spec.node.name} is in quarantine (${status.quarantine?.strategy === 'Cordon' ? 'cordoned' : 'tainted'}).`,
  },
  {
    what: 'changed',
    who: 'agent',
    when: ({ status: { repair } }) => (repair?.change ? repair.times.written : undefined),
    text: ({ spec, status: { repair } }) =>
      `One line was changed on ${spec.node.name}: ${repair?.change?.path}:${repair?.change?.line}.`,
    details: ({ status: { repair } }) => [
      ...(repair?.change?.before ? [`- ${repair.change.before}`] : []),
      `+ ${repair?.change?.after}`,
      ...graded('before', repair?.current),
      ...graded('now', repair?.target),
    ],
  },
  {
    what: 'restarted',
    who: 'agent',
    when: ({ status: { repair } }) => repair?.times.restarted,
    text: ({ status: { repair } }) =>
      `The kubelet was restarted ${times(repair?.kubelet?.restarts)} and serves (pid ${repair?.kubelet?.pidBefore}, now ${repair?.kubelet?.pidAfter}).`,
  },
  {
    what: 'proven',
    who: 'proof pod',
    when: ({ status }) => ended(status, 'Prove'),
    text: ({ status }) => status.proof?.message ?? resultOf(status, 'Prove'),
  },
  {
    what: 'released',
    who: 'operator',
    when: ({ status }) => ended(status, 'Release'),
    text: ({ spec, status }) =>
      `${spec.node.name} is released and ${status.quarantine?.nodeWasUnschedulable ? 'cordoned' : 'schedulable'} again, as before.`,
  },
  {
    what: 'recreated',
    who: 'operator',
    when: ({ status }) => ended(status, 'Recreate'),
    text: ({ status }) => resultOf(status, 'Recreate'),
  },
  {
    what: 'answered',
    who: 'operator',
    when: ({ status }) => status.verification?.firstSuccess,
    text: ({ status: { verification } }) =>
      `The DNS pod ${verification?.pod} on ${verification?.node} answers at ${verification?.podIP}.`,
    details: ({ status: { verification } }) =>
      (verification?.answers ?? []).map(
        ({ protocol, name, result, ms }) => `${protocol.toUpperCase()} ${name} ${result} (${ms} ms)`,
      ),
  },
  {
    what: 'verified',
    who: 'operator',
    // Only a verification that passed finishes the step.
    when: ({ status }) => ended(status, 'Verify'),
    text: ({ spec, status: { verification } }) =>
      `DNS is verified: ${verification?.pod ?? 'the DNS pod'} gave correct answers for ${spec.settings.verification.stableSeconds} s.`,
  },
  {
    what: 'guarded',
    who: 'guard',
    when: ({ status }) => ended(status, 'Guard'),
    text: ({ status }) => status.guard?.message ?? resultOf(status, 'Guard'),
  },
  {
    what: 'ended',
    who: 'operator',
    when: ({ status }) => status.finishedAt,
    text: ({ status: { phase, message } }) => (message ? `${phase}: ${message}` : `${phase}.`),
    details: ({ status: { advice, recurrence, rewrittenBy, otherPods, rolledBackBy } }) => [
      ...(advice ? [`Advice: ${advice}`] : []),
      ...(rolledBackBy ? [`It was taken back later, by DNSRemediation ${rolledBackBy}.`] : []),
      ...rewrittenBy.map(writer),
      ...(otherPods && otherPods.total !== 0 ? [otherPods.message] : []),
      ...recurrence.map(({ source }) => `The old value may come back from: ${source}`),
    ],
  },
];

const writer = ({ explanation, confidence, evidence }: Explanation): string =>
  explanation === 'Unknown'
    ? `What wrote the wrong value is not known. ${evidence.join(' ')}`
    : `${explanation} may have written the wrong value (${confidence} confidence). ${evidence.join(' ')}`;

interface Graded {
  readonly class: string;
  readonly nameservers: readonly string[];
}

const graded = (when: string, file: Graded | undefined): readonly string[] =>
  file ? [`${when}: ${file.class} (${file.nameservers.join(' ') || 'no nameservers'})`] : [];

const times = (count: number | undefined): string => (count === 1 ? 'once' : `${count ?? 0} times`);
