/** The steps of a DNSRemediation as lines with the time at which each happened. */
import type { RemediationStatus } from '../../src/api/remediation.ts';
import { beganAt, podOf } from '../../src/api/trigger.ts';
import type { RemediationObject } from '../support/rig/cluster-state.ts';

type Print = (stamp: string, text: string) => void;

interface Entry {
  /** When it happened; undefined if it has not. */
  readonly happened: (status: RemediationStatus) => string | undefined;
  readonly text: (remediation: RemediationObject, status: RemediationStatus) => readonly string[];
}

const stepEnd = (status: RemediationStatus, name: string) =>
  status.steps.find((step) => step.name === name)?.finishedAt;

/** In the order in which they happen. */
const ENTRIES: readonly Entry[] = [
  {
    happened: ({ steps }) => steps[0]?.startedAt,
    text: ({ spec, metadata }) => [
      `${podOf(spec).name} on ${spec.node.name} ${spec.trigger === 'Crash' ? 'crashed:' : 'answers for no external name:'}`,
      `  ${spec.trigger === 'Crash' ? (spec.sighting.line.split(' for zone')[0] ?? '') : spec.lateLoop.check.message}`,
      `recorded as DNSRemediation ${metadata.name}, cause ${spec.cause}`,
    ],
  },
  {
    happened: (status) => stepEnd(status, 'Quarantine'),
    text: ({ spec }, { quarantine }) => [
      `${spec.node.name} is in quarantine (${quarantine?.strategy === 'Taint' ? 'tainted' : 'cordoned'})`,
    ],
  },
  {
    happened: ({ repair }) => repair?.times.written,
    text: ({ spec }, { repair }) => [
      `the agent changed one line on ${spec.node.name}:`,
      `  ${repair?.change?.path}:${repair?.change?.line}`,
      `  - ${repair?.change?.before}`,
      `  + ${repair?.change?.after}`,
      `  before: ${repair?.current?.class} (${repair?.current?.nameservers.join(' ')}), now: ${repair?.target?.class} (${repair?.target?.nameservers.join(' ')})`,
    ],
  },
  {
    happened: ({ repair }) => repair?.times.restarted,
    text: (_remediation, { repair }) => [
      `the kubelet was restarted ${repair?.kubelet?.restarts === 1 ? 'once' : `${repair?.kubelet?.restarts} times`} (pid ${repair?.kubelet?.pidBefore}, now ${repair?.kubelet?.pidAfter})`,
    ],
  },
  {
    happened: (status) => stepEnd(status, 'Prove'),
    text: (_remediation, { proof }) => [`proof: ${proof?.message}`],
  },
  {
    happened: (status) => stepEnd(status, 'Release'),
    text: ({ spec }, { quarantine }) => [
      `${spec.node.name} is released and ${quarantine?.nodeWasUnschedulable ? 'cordoned' : 'schedulable'} again, as before`,
    ],
  },
  {
    happened: (status) => stepEnd(status, 'Recreate'),
    text: (_remediation, { steps }) => [steps.find(({ name }) => name === 'Recreate')?.message ?? ''],
  },
  {
    happened: ({ verification }) => verification?.firstSuccess,
    text: (_remediation, { verification }) => [
      `the new pod ${verification?.pod} on ${verification?.node} answers at ${verification?.podIP}:`,
      ...(verification?.answers ?? []).map(
        ({ protocol, name, result, ms }) => `  ${protocol.toUpperCase()} ${name} ${result} (${ms} ms)`,
      ),
    ],
  },
  {
    happened: (status) => stepEnd(status, 'Guard'),
    text: (_remediation, { guard }) => [`guard: ${guard?.message}`],
  },
  {
    happened: ({ finishedAt }) => finishedAt,
    text: (_remediation, { phase, message, advice, recurrence }) => [
      `${phase}: ${message}`,
      ...(advice ? [`advice: ${advice}`] : []),
      ...recurrence.map(({ source }) => `the old value may come back from: ${source}`),
    ],
  },
];

/** `update` prints what is new in a remediation and returns whether it has ended. */
export function createTimeline(print: Print): { update(remediation: RemediationObject): boolean } {
  let printed = 0;
  return {
    update(remediation) {
      const { spec, status } = remediation;
      if (!status) return false;
      for (const entry of ENTRIES.slice(printed)) {
        const at = entry.happened(status);
        // An incident that ended without this step, for example with a refusal, never gets to it.
        if (at === undefined && status.finishedAt === undefined) return false;
        printed += 1;
        if (at === undefined) continue;
        const seconds = (Date.parse(at) - beganAt(spec)) / 1000;
        for (const [index, text] of entry.text(remediation, status).entries())
          print(index === 0 ? `${seconds.toFixed(1)} s` : '', text);
      }
      return true;
    },
  };
}
