/** What an incident began with: its trigger, and the evidence that belongs to each one. */
import * as z from 'zod';
import { gradedFileSchema } from './agent-report.ts';
import { answerSchema } from './answer.ts';
import { assertNever } from './assert-never.ts';
import type { Drift } from './drift.ts';
import { KUBELET_DIRECTORIES } from './node-directories.ts';
import { timestamp } from './primitives.ts';

/** A FATAL line of the loop plugin from one container death, parsed, with its place and time. */
export const sightingSchema = z.object({
  pod: z
    .object({
      name: z.string().describe('Name of the DNS pod.'),
      uid: z.string().describe('UID of the DNS pod.'),
    })
    .describe('DNS pod whose container died.'),
  line: z.string().max(1024).describe('The log line, verbatim, cut after 1024 characters.'),
  from: z
    .string()
    .optional()
    .describe('IP address that the probe query came back from. Absent before CoreDNS 1.3.1.'),
  to: z
    .string()
    .optional()
    .describe(
      'Address and port that CoreDNS sent the probe query to, its own, for example :53. Absent before CoreDNS 1.3.1.',
    ),
  zone: z.string().describe('Zone that loops, with its final dot.'),
  corednsVersion: z.string().optional().describe('CoreDNS version, from its log banner.'),
  diedAt: timestamp().describe('Time of the death as the kubelet reports it (RFC 3339, whole seconds).'),
  seenAt: timestamp().describe('Time at which the operator had read the log line (RFC 3339).'),
});
export type Sighting = z.infer<typeof sightingSchema>;

/** More do not make the evidence stronger, and a record must stay small. */
const MAX_ANSWERS = 8;
const MAX_SIBLINGS = 3;

/** A DNS pod that forwards to itself and does not crash, because its Corefile has no `loop` plugin. */
export const lateLoopSchema = z.object({
  pod: z
    .object({
      name: z.string().describe('Name of the DNS pod.'),
      uid: z.string().describe('UID of the DNS pod.'),
    })
    .describe('DNS pod that answers for the cluster, but for no external name.'),
  answers: z.array(answerSchema).max(MAX_ANSWERS).describe('Last answers of the pod.'),
  siblings: z
    .array(
      z.object({
        pod: z.string().describe('Name of the other DNS pod.'),
        node: z.string().describe('Name of the node that the other DNS pod runs on.'),
        answers: z.array(answerSchema).max(MAX_ANSWERS).describe('Last answers of the other DNS pod.'),
      }),
    )
    .max(MAX_SIBLINGS)
    .describe('Other pods of the workload that were asked at the same time and answer. Empty if none does.'),
  check: z
    .object({
      resolvConf: gradedFileSchema.describe('The resolv.conf that a new pod on the node is given.'),
      message: z.string().describe('Human-readable result of the check.'),
      checkedAt: timestamp().describe('Time at which the result of the check was read (RFC 3339).'),
    })
    .describe('Check of the node, which shows that the kubelet gives out a file that leads back to CoreDNS.'),
  corednsVersion: z.string().optional().describe('CoreDNS version, from its log banner.'),
  foundAt: timestamp().describe(
    'Time of the first of the failed answers that led to this incident (RFC 3339).',
  ),
});
export type LateLoop = z.infer<typeof lateLoopSchema>;

/** A person asked what a repair would do to a node on which nothing has to be wrong. */
export const requestSchema = z.object({
  by: z.string().describe('User that asked for the plan.'),
  at: timestamp().describe('Time at which the operator saw the request (RFC 3339).'),
});
export type PlanRequest = z.infer<typeof requestSchema>;

/** A person asked for the old content of the kubelet configuration back. */
export const rollbackSchema = z.object({
  of: z
    .object({
      name: z.string().describe('Name of the DNSRemediation.'),
      uid: z.string().describe('UID of the DNSRemediation.'),
    })
    .describe('Remediation whose change is undone.'),
  fileAlone: z
    .boolean()
    .default(false)
    .describe(
      'Whether that remediation changed a file only. It is then restored without a quarantine and without a restart of the kubelet.',
    ),
  directory: z
    .enum(KUBELET_DIRECTORIES)
    .optional()
    .describe(
      'Directory of the file, if not a default one (/etc/kubernetes or /var/lib/kubelet). The agent has write access to it alone.',
    ),
  by: z.string().describe('User that asked for the rollback.'),
  reason: z.string().max(1024).describe('Why, in the words of that user.'),
  at: timestamp().describe('Time at which the operator saw the request (RFC 3339).'),
});
export type RollbackEvidence = z.infer<typeof rollbackSchema>;

/** What shows each trigger: exactly this field of the spec is set beside it. */
export const TRIGGERS = ['Crash', 'LateLoop', 'Drift', 'Request', 'Rollback'] as const;
export type Trigger = (typeof TRIGGERS)[number];
const EVIDENCE = {
  Crash: 'sighting',
  LateLoop: 'lateLoop',
  Drift: 'drift',
  Request: 'request',
  Rollback: 'rollback',
} as const satisfies Readonly<Record<Trigger, string>>;
/** The fields of the spec of which exactly one is set. */
export type EvidenceField = (typeof EVIDENCE)[Trigger];

export type TriggerEvidence =
  | { readonly trigger: 'Crash'; readonly sighting: Sighting }
  | { readonly trigger: 'LateLoop'; readonly lateLoop: LateLoop }
  | { readonly trigger: 'Drift'; readonly drift: Drift }
  | { readonly trigger: 'Request'; readonly request: PlanRequest }
  | { readonly trigger: 'Rollback'; readonly rollback: RollbackEvidence };

export const EVIDENCE_RULES = Object.entries(EVIDENCE).map(([trigger, field]) => ({
  rule: `(self.trigger == '${trigger}') == has(self.${field})`,
  message: `${field} must be set if trigger is ${trigger}, and only then`,
}));

/** The DNS pod that showed the incident; null where none did. */
export function podOf(spec: TriggerEvidence): { readonly name: string; readonly uid: string } | null {
  switch (spec.trigger) {
    case 'Crash':
      return spec.sighting.pod;
    case 'LateLoop':
      return spec.lateLoop.pod;
    case 'Drift':
    case 'Request':
    case 'Rollback':
      return null;
    default:
      return assertNever(spec);
  }
}

/** When the incident began, epoch milliseconds: the death of the container, the first failed answer, the check that found it, or a person's request. */
export function beganAt(spec: TriggerEvidence): number {
  switch (spec.trigger) {
    case 'Crash':
      return Date.parse(spec.sighting.diedAt);
    case 'LateLoop':
      return Date.parse(spec.lateLoop.foundAt);
    case 'Drift':
      return Date.parse(spec.drift.foundAt);
    case 'Request':
      return Date.parse(spec.request.at);
    case 'Rollback':
      return Date.parse(spec.rollback.at);
    default:
      return assertNever(spec);
  }
}

/** When the operator had seen enough to claim the incident (RFC 3339). */
export function seenAt(spec: TriggerEvidence): string {
  switch (spec.trigger) {
    case 'Crash':
      return spec.sighting.seenAt;
    case 'LateLoop':
      return spec.lateLoop.check.checkedAt;
    case 'Drift':
      return spec.drift.check?.checkedAt ?? spec.drift.foundAt;
    case 'Request':
      return spec.request.at;
    case 'Rollback':
      return spec.rollback.at;
    default:
      return assertNever(spec);
  }
}

/** The CoreDNS version of that pod, from its log banner, where it is known. */
export function corednsVersionOf(spec: TriggerEvidence): string | undefined {
  switch (spec.trigger) {
    case 'Crash':
      return spec.sighting.corednsVersion;
    case 'LateLoop':
      return spec.lateLoop.corednsVersion;
    case 'Drift':
    case 'Request':
    case 'Rollback':
      return undefined;
    default:
      return assertNever(spec);
  }
}
