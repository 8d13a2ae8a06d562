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
  path: z.string().describe('Absolute path of the file on the node.'),
  class: z
    .enum(RESOLV_CONF_CLASSES)
    .describe(
      'Grade of the file. ok: usable. risky: lists a cluster-internal nameserver beside usable ones. mixed-loopback: lists a loopback address beside usable ones. stub: lists only the stub of systemd-resolved. loopback: lists only loopback addresses. self-only: lists only cluster-internal nameservers. empty: lists no usable nameserver. invalid: cannot be read as a resolv.conf. missing: does not exist.',
    ),
  nameservers: z
    .array(z.string())
    .max(3)
    .describe('First three nameservers in the file, which are all that a pod is given.'),
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
  verb: z.literal('repair').describe('Command that the agent ran: repair.'),
  nonce: z
    .string()
    .describe('UID of the remediation, repeated by the agent to show which request the report answers.'),
  outcome: z
    .enum(['repaired', 'already-right', 'refused', 'rolled-back', 'failed'])
    .describe(
      'Outcome of the run. repaired: the value was changed and the restarted kubelet runs with it. already-right: the running kubelet already used the target, nothing was written. refused: nothing was written. rolled-back: the kubelet did not come up with the new value, the old configuration is back and the kubelet runs with it. failed: anything else.',
    ),
  reason: z.string().describe('Machine-readable reason (CamelCase) for the outcome.'),
  message: z.string().describe('Human-readable explanation of the reason.'),
  advice: z.string().optional().describe('What an administrator should do on the node.'),
  nodeUnchanged: z
    .boolean()
    .describe('Whether the kubelet configuration on the node is byte for byte what it was before the run.'),
  needs: z
    .enum(KUBELET_DIRECTORIES)
    .optional()
    .describe('Directory the agent needs write access to. Nothing was changed.'),
  layout: z
    .enum(['kubespray', 'kubeadm', 'unknown'])
    .describe(
      'Installer of the node, judged by the path of its kubelet configuration file: kubespray for /etc/kubernetes/kubelet-config.yaml, kubeadm for /var/lib/kubelet/config.yaml, otherwise unknown.',
    ),
  effective: z
    .object({
      value: z
        .string()
        .describe('Absolute path that resolvConf named, or empty if the kubelet was set to use no file.'),
      source: z
        .string()
        .describe(
          'Where the value was set: file:line, "--resolv-conf in file:line" for a flag, or "built-in default".',
        ),
    })
    .optional()
    .describe('Effective resolvConf of the kubelet before the repair.'),
  current: gradedFileSchema
    .optional()
    .describe('File that resolvConf named before the repair. Absent if it named none or was not readable.'),
  target: gradedFileSchema
    .optional()
    .describe('File chosen as the new value of resolvConf, or the one that was rejected.'),
  change: z
    .object({
      path: z.string().describe('Absolute path of the changed file on the node.'),
      line: z.int().describe('Number of the changed line, counted from 1.'),
      before: z.string().describe('Text of the line before the change, empty if the line was added.'),
      after: z.string().describe('Text of the line after the change.'),
      sha256Before: z.string().describe('SHA-256 of the file before the change, in hexadecimal.'),
      sha256After: z.string().describe('SHA-256 of the file after the change, in hexadecimal.'),
      backup: z.string().describe('Absolute path of the backup of the file on the node.'),
    })
    .optional()
    .describe('Change of the kubelet configuration. Absent if nothing was written.'),
  kubelet: z
    .object({
      pidBefore: z.int().describe('Process ID of the kubelet before the restart.'),
      pidAfter: z.int().describe('Process ID of the kubelet after the restart.'),
      restarts: z
        .int()
        .describe(
          'Number of restarts of the kubelet requested from systemd for this remediation, by all runs of the agent together.',
        ),
      active: z.boolean().describe('Whether kubelet.service was active when the agent ended.'),
    })
    .optional()
    .describe('Process of the kubelet. Absent if the agent refused, or failed before it changed anything.'),
  times: z
    .object({
      started: z.string().describe('Time at which the agent started (RFC 3339).'),
      decided: z.string().describe('Time at which the agent had decided what to do (RFC 3339).'),
      written: z.string().describe('Time at which the configuration was about to be written (RFC 3339).'),
      restarted: z
        .string()
        .describe('Time at which the restarted kubelet was first seen serving (RFC 3339).'),
      finished: z.string().describe('Time at which the agent ended (RFC 3339).'),
    })
    .partial()
    .describe('Times of the steps on the node. Steps that were not reached are absent.'),
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
  verb: z.literal('prove').describe('Command that the agent ran: prove.'),
  nonce: z
    .string()
    .describe('UID of the remediation, repeated by the agent to show which request the report answers.'),
  outcome: z
    .enum(['proven', 'failed'])
    .describe('Outcome of the run. proven: a new pod on the node resolves names. failed: it does not.'),
  reason: z.string().describe('Machine-readable reason (CamelCase) for the outcome.'),
  message: z.string().describe('Human-readable explanation of the reason.'),
  resolvConf: gradedFileSchema.optional().describe('The resolv.conf that the proof pod was given.'),
  answers: z
    .array(
      z.object({
        server: z.string().describe('IP address of the nameserver that was asked.'),
        name: z.string().describe('Name that was asked for.'),
        result: z
          .string()
          .describe('Response code of the answer, for example NOERROR or NXDOMAIN, or else the error.'),
        ms: z.number().describe('Time until the result in milliseconds, retries included.'),
      }),
    )
    .max(6)
    .describe('Answer of each nameserver in that resolv.conf.'),
});
export type ProveReport = z.infer<typeof proveReportSchema>;

export const agentReportSchema = z.discriminatedUnion('verb', [
  repairReportSchema,
  inspectReportSchema,
  rollbackReportSchema,
  proveReportSchema,
]);
export type AgentReport = z.infer<typeof agentReportSchema>;
