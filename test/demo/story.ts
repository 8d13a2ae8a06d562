/** Turns the states of a DNSRemediation into the lines of a story, each told once. */
import type { RemediationStatus } from '../../src/api/remediation.ts';
import type { RemediationObject } from '../support/rig/cluster-state.ts';

type Tell = (stamp: string, text: string) => void;

interface Chapter {
  readonly happened: (status: RemediationStatus) => string | undefined;
  readonly text: (incident: RemediationObject, status: RemediationStatus) => readonly string[];
}

const stepEnd = (status: RemediationStatus, name: string) =>
  status.steps.find((step) => step.name === name)?.finishedAt;

/** In the order in which they happen. */
const CHAPTERS: readonly Chapter[] = [
  {
    happened: ({ steps }) => steps[0]?.startedAt,
    text: ({ spec, metadata }) => [
      `${spec.sighting.pod.name} on ${spec.node.name} died:`,
      `  ${spec.sighting.line.split(', see ')[0] ?? ''}`,
      `claimed as DNSRemediation ${metadata.name}: ${spec.cause}`,
    ],
  },
  {
    happened: (status) => stepEnd(status, 'Quarantine'),
    text: ({ spec }, { quarantine }) => [
      `${spec.node.name} is in quarantine (${quarantine?.strategy === 'Taint' ? 'tainted' : 'cordoned'}), with a record of how it was`,
    ],
  },
  {
    happened: ({ repair }) => repair?.times.written,
    text: ({ spec }, { repair }) => [
      `the agent changed one line on ${spec.node.name}:`,
      `  ${repair?.change?.path}:${repair?.change?.line}`,
      `  - ${repair?.change?.before}`,
      `  + ${repair?.change?.after}`,
      `  was ${repair?.current?.class} (${repair?.current?.nameservers.join(' ')}), is ${repair?.target?.class} (${repair?.target?.nameservers.join(' ')})`,
    ],
  },
  {
    happened: ({ repair }) => repair?.times.restarted,
    text: (_incident, { repair }) => [
      `the kubelet is back: process ${repair?.kubelet?.pidBefore} became ${repair?.kubelet?.pidAfter}, restarted ${repair?.kubelet?.restarts === 1 ? 'once' : `${repair?.kubelet?.restarts} times`}`,
    ],
  },
  {
    happened: (status) => stepEnd(status, 'Prove'),
    text: (_incident, { proof }) => [`proof: ${proof?.message}`],
  },
  {
    happened: (status) => stepEnd(status, 'Release'),
    text: ({ spec }, { quarantine }) => [
      `${spec.node.name} is given back as it was found (${quarantine?.nodeWasUnschedulable ? 'cordoned' : 'schedulable'})`,
    ],
  },
  {
    happened: (status) => stepEnd(status, 'Recreate'),
    text: (_incident, { steps }) => [steps.find(({ name }) => name === 'Recreate')?.message ?? ''],
  },
  {
    happened: ({ verification }) => verification?.firstSuccess,
    text: (_incident, { verification }) => [
      `the new pod ${verification?.pod} on ${verification?.node} answers at ${verification?.podIP}:`,
      ...(verification?.answers ?? []).map(
        ({ protocol, name, result, ms }) => `  ${protocol.toUpperCase()} ${name} ${result} (${ms} ms)`,
      ),
    ],
  },
  {
    happened: ({ finishedAt }) => finishedAt,
    text: (_incident, { phase, message, advice, recurrence }) => [
      `${phase}: ${message}`,
      ...(advice ? [`advice: ${advice}`] : []),
      ...recurrence.map((one) => `where it may come back from: ${one.source}`),
    ],
  },
];

/** `tell` prints what is new in an incident and returns whether its story is over. */
export function createStoryteller(tell: Tell): { tell(incident: RemediationObject): boolean } {
  let told = 0;
  return {
    tell(incident) {
      const { status } = incident;
      if (!status) return false;
      for (; told < CHAPTERS.length; told += 1) {
        const chapter = CHAPTERS[told];
        const at = chapter?.happened(status);
        if (!chapter || !at) {
          // A refusal skips what never happened.
          if (status.finishedAt === undefined) return false;
          continue;
        }
        const seconds = (Date.parse(at) - Date.parse(incident.spec.sighting.diedAt)) / 1000;
        for (const [index, text] of chapter.text(incident, status).entries())
          tell(index === 0 ? `${seconds.toFixed(1)} s` : '', text);
      }
      return true;
    },
  };
}
