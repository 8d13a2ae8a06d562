/**
 * What operator and node side say to each other: the request in one environment variable, the report in the
 * container's termination message (at most 4096 bytes, a limit of the kubelet).
 */
import * as z from 'zod';
import { RESOLV_CONF_TARGETS } from './policy.ts';

/** Environment variable of the Job's and the proof pod's container that holds the JSON request. */
export const REQUEST_ENV = 'DNSHEALTH_REQUEST';
/** Where the agent writes its report; the container's terminationMessagePath. */
export const REPORT_PATH = '/dev/termination-log';
export const MAX_REPORT_BYTES = 4096;
/** Where the Job mounts the node's directories, each below its own path: the node's /etc is /host/etc. */
export const HOST_ROOT = '/host';
/** On the node: lock, journal and backups. */
export const STATE_DIRECTORY = '/var/lib/dnshealth';
/** Where kubelets are configured: the only directories of the node, besides that one, in which a file is ever changed. */
export const KUBELET_DIRECTORIES = [
  '/etc/kubernetes',
  '/var/lib/kubelet',
  '/etc/default',
  '/etc/sysconfig',
] as const;
export type KubeletDirectory = (typeof KUBELET_DIRECTORIES)[number];
/** Those that hold the kubelet's configuration on almost every node; the Job mounts others only where a node needs them. */
export const USUAL_DIRECTORIES: readonly KubeletDirectory[] = ['/etc/kubernetes', '/var/lib/kubelet'];

const common = {
  /** The remediation's uid. The report repeats it, so that a forged or stale report is not believed. */
  nonce: z.string().min(1),
  remediation: z.string().min(1),
};

/** Addresses that lead back into the cluster and are therefore no upstream. */
const knownAddresses = z.object({
  clusterDNS: z.array(z.string()).default([]),
  nodeLocalDNS: z.array(z.string()).default(['169.254.20.10', '169.254.25.10']),
  node: z.array(z.string()).default([]),
});
export type KnownAddresses = z.infer<typeof knownAddresses>;

export const repairRequestSchema = z.object({
  ...common,
  verb: z.literal('repair'),
  targets: z.array(z.enum(RESOLV_CONF_TARGETS)).min(1),
  acceptRisky: z.boolean(),
  replaceEmptyValue: z.boolean(),
  known: knownAddresses,
  /** What to ask the servers of the target for, before anything is written. */
  externalName: z.string().min(1),
  /** Which of the kubelet's directories the Job lets the agent write in. */
  writable: z
    .array(z.enum(KUBELET_DIRECTORIES))
    .min(1)
    .default([...USUAL_DIRECTORIES]),
  /** Host address on which the kubelet serves, to ask it for a sign of life. */
  nodeIP: z.string().optional(),
});
export type RepairRequest = z.infer<typeof repairRequestSchema>;

/** Everything has a default, so that a person can ask for a dry run in one line. */
export const inspectRequestSchema = z.object({
  verb: z.literal('inspect'),
  nonce: z.string().min(1).default('by-hand'),
  targets: z.array(z.enum(RESOLV_CONF_TARGETS)).min(1).default([RESOLV_CONF_TARGETS[0]]),
  acceptRisky: z.boolean().default(false),
  replaceEmptyValue: z.boolean().default(false),
  known: knownAddresses.prefault({}),
  externalName: z.string().min(1).default('dnshealth.invalid'),
});
export type InspectRequest = z.infer<typeof inspectRequestSchema>;

/** Undo a repair that ended well, by hand: restore what was there before it. */
export const rollbackRequestSchema = z.object({
  verb: z.literal('rollback'),
  nonce: z.string().min(1).default('by-hand'),
  /** Whose backup to restore. */
  remediation: z.string().min(1),
  nodeIP: z.string().optional(),
});
export type RollbackRequest = z.infer<typeof rollbackRequestSchema>;

export const proveRequestSchema = z.object({
  ...common,
  verb: z.literal('prove'),
  known: knownAddresses,
  acceptRisky: z.boolean(),
  /** What to ask the servers of the resolv.conf for. */
  externalName: z.string().min(1),
});
export type ProveRequest = z.infer<typeof proveRequestSchema>;

export const agentRequestSchema = z.discriminatedUnion('verb', [
  repairRequestSchema,
  inspectRequestSchema,
  rollbackRequestSchema,
  proveRequestSchema,
]);
export type AgentRequest = z.infer<typeof agentRequestSchema>;

/** Classes of a resolv.conf file, see `diagnosis/resolv-conf.ts`. */
export const RESOLV_CONF_CLASSES = [
  'ok',
  'risky',
  'mixed-loopback',
  'stub',
  'loopback',
  'self-only',
  'empty',
  'invalid',
  'missing',
] as const;
export type ResolvConfClass = (typeof RESOLV_CONF_CLASSES)[number];

export const gradedFileSchema = z.object({
  path: z.string(),
  class: z.enum(RESOLV_CONF_CLASSES),
  nameservers: z.array(z.string()).max(3),
});
export type GradedFile = z.infer<typeof gradedFileSchema>;

/** Why the agent wrote nothing. Each has its own advice. */
export const REFUSAL_REASONS = [
  'CurrentIsUsable',
  'CurrentUnreadable',
  'EmptyValueNotAllowed',
  'TargetMissing',
  'TargetEmpty',
  'TargetInvalid',
  'TargetLoops',
  'TargetSelfOnly',
  'TargetRisky',
  'TargetSilent',
  'UnknownLayout',
  'ManagedPlatform',
  'FlagOverrides',
  'DuplicateKey',
  'ConfigNotParseable',
  'UnsafePath',
  'NotWritable',
  'DirectoryNotMounted',
  'NoSpace',
  'PendingChanges',
  'UnitMasked',
  'UnitBusy',
  'RestartLoop',
  'UnitNotRunning',
  'NothingToRollBack',
  'ChangedSince',
  'UnfinishedRun',
  'Locked',
] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

/**
 * How a run of the agent ended.
 * - `repaired`: the value was changed and a new kubelet runs with it
 * - `already-right`: the running kubelet already had the target; nothing was written
 * - `refused`: nothing was written, `reason` is a RefusalReason
 * - `rolled-back`: the new kubelet did not come up; the old bytes are back and the kubelet runs
 * - `failed`: something else went wrong; `nodeUnchanged` and `kubelet.active` tell the state of the node
 */
export const repairReportSchema = z.object({
  verb: z.literal('repair'),
  nonce: z.string(),
  outcome: z.enum(['repaired', 'already-right', 'refused', 'rolled-back', 'failed']),
  reason: z.string().describe('One CamelCase word.'),
  message: z.string(),
  advice: z.string().optional(),
  nodeUnchanged: z.boolean().describe('The kubelet configuration has the bytes it had before.'),
  needs: z
    .enum(KUBELET_DIRECTORIES)
    .optional()
    .describe('The directory that the agent would have to write in and was not let; nothing was done.'),
  layout: z.enum(['kubespray', 'kubeadm', 'unknown']),
  effective: z
    .object({ value: z.string(), source: z.string().describe('file:line, the flag, or "built-in default"') })
    .optional(),
  current: gradedFileSchema.optional(),
  target: gradedFileSchema.optional(),
  change: z
    .object({
      path: z.string(),
      line: z.int(),
      before: z.string().describe('The line before, empty where it was added.'),
      after: z.string(),
      sha256Before: z.string(),
      sha256After: z.string(),
      backup: z.string(),
    })
    .optional(),
  kubelet: z
    .object({
      pidBefore: z.int(),
      pidAfter: z.int(),
      restarts: z
        .int()
        .describe(
          'How often systemd was asked to restart the kubelet for this remediation, by all runs of the agent together.',
        ),
      active: z.boolean(),
    })
    .optional(),
  times: z
    .object({
      started: z.string(),
      decided: z.string(),
      written: z.string(),
      restarted: z.string(),
      finished: z.string(),
    })
    .partial()
    .describe('RFC 3339 times of the steps on the node. restarted: the new kubelet was first seen serving.'),
});
export type RepairReport = z.infer<typeof repairReportSchema>;

/**
 * What a dry run found. `would-change`: a repair would make the change of `diff`; the other outcomes are those of a
 * repair. Nothing was written in any of them.
 */
export const inspectReportSchema = repairReportSchema
  .pick({ nonce: true, reason: true, message: true, advice: true, layout: true })
  .extend(repairReportSchema.pick({ effective: true, current: true, target: true, times: true }).shape)
  .extend({
    verb: z.literal('inspect'),
    outcome: z.enum(['would-change', 'already-right', 'refused', 'failed']),
    diff: z.string().optional().describe('Unified; shortened where it does not fit into the report.'),
  });
export type InspectReport = z.infer<typeof inspectReportSchema>;

/**
 * How a rollback ended. `rolled-back`: the file has the bytes from before the repair, and a kubelet that was started
 * with them runs. The others as for a repair.
 */
export const rollbackReportSchema = repairReportSchema
  .pick({ nonce: true, reason: true, message: true, advice: true, nodeUnchanged: true })
  .extend(repairReportSchema.pick({ change: true, kubelet: true, times: true }).shape)
  .extend({
    verb: z.literal('rollback'),
    outcome: z.enum(['rolled-back', 'refused', 'failed']),
    nodeUnchanged: z.boolean().describe('The file has the bytes that the repair had written.'),
  });
export type RollbackReport = z.infer<typeof rollbackReportSchema>;

export const proveReportSchema = z.object({
  verb: z.literal('prove'),
  nonce: z.string(),
  outcome: z.enum(['proven', 'failed']),
  reason: z.string(),
  message: z.string(),
  resolvConf: gradedFileSchema.optional(),
  answers: z
    .array(
      z.object({
        server: z.string(),
        name: z.string(),
        result: z.string().describe('rcode or error'),
        ms: z.number(),
      }),
    )
    .max(6),
});
export type ProveReport = z.infer<typeof proveReportSchema>;

export const agentReportSchema = z.discriminatedUnion('verb', [
  repairReportSchema,
  inspectReportSchema,
  rollbackReportSchema,
  proveReportSchema,
]);
export type AgentReport = z.infer<typeof agentReportSchema>;
