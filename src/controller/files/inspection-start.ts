/** Starts the inspection of a node's files, and reads what it has left. */
import { createHash, randomUUID } from 'node:crypto';
import { inspectReportSchema } from '../../api/agent-protocol.ts';
import type { InspectionOrigin } from '../../api/inspection-origin.ts';
import { NODE_LOCAL_DNS } from '../../api/node-local-dns.ts';
import type { PolicySpec } from '../../api/policy.ts';
import { startInspection } from '../../effects/inspect-job.ts';
import type { InspectionEnd } from '../../health/nodes/files.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { AgentPod } from '../../observe/agent-run.ts';
import { clusterDnsAddresses } from '../../observe/cluster-dns.ts';
import type { NodeFacts } from '../../observe/node-facts.ts';
import { INSPECTION_MS } from '../../remediation/deadlines.ts';
import { readReport } from '../../remediation/record/report.ts';

interface InspectionStart {
  readonly facts: NodeFacts;
  readonly policy: PolicySpec;
  readonly image: string;
}

export async function startInspectionOf(
  kube: KubeClient,
  { facts, policy, image }: InspectionStart,
  signal: AbortSignal,
): Promise<void> {
  const { repair, verification } = policy;
  const nonce = randomUUID();
  await startInspection(
    kube,
    {
      name: inspectionName(facts.uid),
      of: { kind: 'node', origin: { nonce, node: facts.uid } },
      node: facts.name,
      image,
      activeDeadlineSeconds: INSPECTION_MS / 1000,
      agent: {
        verb: 'inspect',
        nonce,
        restart: false,
        targets: repair.targets,
        acceptRisky: repair.acceptRisky,
        replaceEmptyValue: repair.replaceEmptyValue,
        known: {
          clusterDNS: [...(await clusterDnsAddresses(kube, signal))],
          nodeLocalDNS: [...NODE_LOCAL_DNS],
          node: [...facts.addresses],
        },
        externalName: verification.externalName ?? `f${nonce.slice(0, 13)}.invalid`,
        clusterName: `kubernetes.default.svc.${verification.clusterDomain}`,
      },
    },
    signal,
  );
}

/** Derived from the node, so that a second create collides. */
export const inspectionName = (uid: string): string =>
  `inspect-${createHash('sha256').update(uid).digest('hex').slice(0, 16)}`;

/** null while it runs. One that is late is ended by its Job, and leaves nothing. */
export function endOfInspection(pod: AgentPod, { nonce }: InspectionOrigin): InspectionEnd | null {
  if (pod.state !== 'ended') return null;
  const read = readReport(inspectReportSchema, pod.message, nonce);
  return read.kind === 'ok'
    ? { kind: 'reported', report: read.report }
    : { kind: 'failed', problem: pod.blockedBy ?? read.problem };
}
