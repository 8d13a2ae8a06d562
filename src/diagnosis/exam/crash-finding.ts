/** A finding for what is not a loop: how the container ended, or what CoreDNS complains of while it runs. */
import type { Case } from '../case.ts';
import { type Complaint, complaintIn } from '../crash.ts';
import type { CrashCause } from '../evidence.ts';
import type { Commands, Finding } from '../examination.ts';
import type { ExamFacts } from './exam-facts.ts';

/** They say what was seen, not why. */
const UNCERTAIN: readonly CrashCause[] = ['NoLog', 'UnknownCrash', 'LivenessKill'];
/** CoreDNS writes these while it runs; the container may have ended for another reason. */
const COMPLAINTS: readonly CrashCause[] = [
  'ApiUnreachable',
  'NetworkUnreachable',
  'NoRouteToHost',
  'UpstreamTimeout',
  'UpstreamRefused',
];
/** They do not come back by themselves once the pod serves again, so that an old one is no finding. */
const PASSING: readonly CrashCause[] = [...UNCERTAIN, ...COMPLAINTS, 'BindFailed', 'StartFailed'];
/** Nothing is wrong, or the late loop says more. */
const NO_FINDING: readonly CrashCause[] = ['GracefulStop', 'NodeRestarted', 'LateLoop'];

export function crashFinding(facts: ExamFacts): Finding | null {
  const { crash } = facts;
  if (!crash) return complaintFinding(facts);
  if (NO_FINDING.includes(crash.cause)) return null;
  if (PASSING.includes(crash.cause) && hasRecovered(facts.case)) return null;
  const confidence = UNCERTAIN.includes(crash.cause)
    ? 'low'
    : COMPLAINTS.includes(crash.cause)
      ? 'medium'
      : 'high';
  return {
    cause: crash.cause,
    confidence,
    summary: sentence(`CoreDNS in ${facts.names.pod} on ${facts.names.node}: ${crash.message}`),
    evidence: [{ source: `pod ${facts.names.pod}`, text: crash.message }, ...memoryLimit(facts)],
    repair: { by: 'person' },
    remedy: crash.remedy.kind === 'advice' ? crash.remedy.advice : '',
    commands: commandsFor(crash.cause, facts),
  };
}

function complaintFinding(facts: ExamFacts): Finding | null {
  const { case: given, lines, names, late } = facts;
  // A pod that serves logs a lost answer now and then.
  if (
    facts.loop ||
    facts.truncatedLoop !== undefined ||
    late.asked ||
    (given.pod?.ready && !late.onlyCluster)
  )
    return null;
  const complaint: Complaint | null = complaintIn(lines, {
    ...(given.corefile && { corefile: given.corefile.text }),
    configMap: names.configMap,
    workload: names.workload,
  });
  if (!complaint) return null;
  return {
    cause: complaint.cause,
    confidence: late.onlyCluster ? 'medium' : 'low',
    summary: sentence(`CoreDNS in ${names.pod} on ${names.node} complains while it runs: ${complaint.line}`),
    evidence: [{ source: `log of ${names.pod}`, text: complaint.line }],
    repair: { by: 'person' },
    remedy: complaint.advice,
    commands: commandsFor(complaint.cause, facts),
  };
}

/** A log line at its end has no full stop. */
const sentence = (text: string): string => (text.endsWith('.') ? text : `${text}.`);

const hasRecovered = ({ pod }: Case): boolean => pod?.ready === true && pod.container?.state === 'running';

function memoryLimit({ crash, case: { pod }, names }: ExamFacts): Finding['evidence'] {
  const limit = pod?.container?.memoryLimit;
  if (crash?.cause !== 'OutOfMemory' || limit === undefined) return [];
  return [{ source: names.workload, text: `resources.limits.memory: ${limit}` }];
}

function commandsFor(cause: CrashCause, { names }: ExamFacts): Commands {
  const { namespace, pod, node, configMap, workload } = names;
  const log = `kubectl -n ${namespace} logs --previous ${pod}`;
  const describe = `kubectl -n ${namespace} describe pod ${pod}`;
  const fixes: Partial<Record<CrashCause, readonly string[]>> = {
    OutOfMemory: [
      `kubectl -n ${namespace} get configmap ${configMap} -o yaml # is \`loop\` there, and max_concurrent?`,
      `kubectl -n ${namespace} edit ${workload} # resources.limits.memory`,
    ],
    CorefileError: [`kubectl -n ${namespace} edit configmap ${configMap}`],
    NoUpstream: [
      `# on node ${node}: cat /etc/resolv.conf /run/systemd/resolve/resolv.conf; resolvectl status`,
      `kubectl dnshealth check ${node}`,
    ],
    BindFailed: [`# on node ${node}: ss -lntup 'sport = :53'`, `kubectl -n ${namespace} edit ${workload}`],
    ApiUnreachable: [
      `kubectl -n kube-system get pods -o wide --field-selector spec.nodeName=${node} # kube-proxy and the network plugin`,
      `# on node ${node}: curl -k https://API-SERVICE-ADDRESS/version`,
    ],
    LivenessKill: [describe, `kubectl describe node ${node}`],
    WrongArchitecture: [
      `kubectl get node ${node} -L kubernetes.io/arch`,
      `# on node ${node}: crictl rmi IMAGE`,
    ],
    NotPermitted: [
      `kubectl -n ${namespace} edit ${workload}`,
      `# on node ${node}: journalctl -k | grep -i denied`,
    ],
    LogFileError: [`kubectl -n ${namespace} edit ${workload} # an emptyDir at /tmp`],
    UpstreamTimeout: [`kubectl dnshealth check ${node}`],
    UpstreamRefused: [`kubectl dnshealth check ${node}`],
  };
  return { fix: fixes[cause] ?? [describe], check: [log, `kubectl dnshealth diagnose --node ${node}`] };
}
