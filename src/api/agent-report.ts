/** Reports of the agent, one per verb. JSON in the container's termination message. */
import * as z from 'zod';
import { KUBELET_DIRECTORIES } from './node-directories.ts';
import { rewrittenSchema } from './rewritten.ts';

/** Grades of a resolv.conf, assigned by `diagnosis/resolv-conf.ts`. */
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
  text: z
    .string()
    .optional()
    .describe('Lines of the file without comments and secrets, cut if they are long.'),
});
export type GradedFile = z.infer<typeof gradedFileSchema>;

/** right: CoreDNS works with it. wrong: CoreDNS forwards to itself. */
const comparedSide = z.enum(['right', 'wrong', 'unclear']);

const comparedFilesSchema = z.object({
  running: comparedSide.describe(
    'The running kubelet, by what it gave to the pod. unclear if the file is neither right nor wrong for certain, or if the kubelet was started after the pod.',
  ),
  inFile: comparedSide.describe('What the files of the kubelet say, which its next start makes effective.'),
  given: z
    .object({
      path: z.string().describe('Absolute path of the file in the pod.'),
      class: z.enum(RESOLV_CONF_CLASSES).describe('Grade of the file.'),
      nameservers: z.array(z.string()).max(3).describe('Nameservers in the file.'),
    })
    .describe("The resolv.conf that the running kubelet gave to the agent's own pod."),
  changed: z.array(z.string()).max(8).describe('Files of the kubelet that changed after it was started.'),
});
export type ComparedFiles = z.infer<typeof comparedFilesSchema>;

/** Why the agent wrote nothing. `agent/advice.ts` has advice for each. */
export type RefusalReason =
  | 'CurrentIsUsable'
  | 'CurrentUnreadable'
  | 'EmptyValueNotAllowed'
  | 'TargetMissing'
  | 'TargetEmpty'
  | 'TargetInvalid'
  | 'TargetLoops'
  | 'TargetSelfOnly'
  | 'TargetRisky'
  | 'TargetSilent'
  | 'UnknownLayout'
  | 'ManagedPlatform'
  | 'FlagOverrides'
  | 'DuplicateKey'
  | 'ConfigNotParseable'
  | 'UnsafePath'
  | 'NotWritable'
  | 'DirectoryNotMounted'
  | 'NoSpace'
  | 'PendingChanges'
  | 'NotPendingInFile'
  | 'InputNotVisible'
  | 'NotReadable'
  | 'UnitMasked'
  | 'UnitBusy'
  | 'RestartLoop'
  | 'UnitNotRunning'
  | 'NothingToRollBack'
  | 'ChangedSince'
  | 'PlanChanged'
  | 'Locked';

const changeSchema = z.object({
  path: z.string().describe('Absolute path of the changed file on the node.'),
  line: z.int().describe('Number of the changed line, counted from 1.'),
  before: z
    .string()
    .describe('Text of the line before the change without secrets, empty if the line was added.'),
  after: z.string().describe('Text of the line after the change without secrets.'),
  sha256Before: z.string().describe('SHA-256 of the file before the change, in hexadecimal.'),
  sha256After: z.string().describe('SHA-256 of the file after the change, in hexadecimal.'),
  backup: z.string().describe('Absolute path of the backup of the file on the node.'),
  owner: z.string().optional().describe('User and group of the file, which it keeps, for example 0:0.'),
  mode: z.string().optional().describe('Mode of the file in octal, which it keeps, for example 0644.'),
  diff: z
    .string()
    .optional()
    .describe('Unified diff of the change without secrets. Absent if it does not fit into the report.'),
});

export const repairReportSchema = z.object({
  verb: z.literal('repair').describe('Command that the agent ran: repair.'),
  nonce: z
    .string()
    .describe('UID of the remediation, repeated by the agent to show which request the report answers.'),
  outcome: z
    .enum(['repaired', 'corrected', 'already-right', 'refused', 'rolled-back', 'failed'])
    .describe(
      'Outcome of the run. repaired: the value was changed and the restarted kubelet serves with it, which the guard then watches. corrected: the value was changed in the file only; the kubelet, which is right already, was not restarted. already-right: the running kubelet already used the target, nothing was written. refused: nothing was written. rolled-back: the kubelet did not come up with the new value, the old configuration is back and the kubelet runs with it. failed: anything else.',
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
          'Where the value was set: file:line, "--resolv-conf in file:line" for a flag, or "built-in default". If the agent cannot read the file of a flag, the files of kubelet.service.',
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
  rewritten: rewrittenSchema.optional(),
  compared: comparedFilesSchema
    .optional()
    .describe(
      'What the files say, compared with what the running kubelet gives to new pods: after the change if one was made without a restart, otherwise before. Absent if the agent could not compare them.',
    ),
  change: changeSchema
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
      startedBefore: z
        .string()
        .optional()
        .describe('Time at which the kubelet had been started before the restart (RFC 3339).'),
    })
    .optional()
    .describe('Process of the kubelet. Absent if the agent refused, or failed before it changed anything.'),
  watched: z
    .boolean()
    .optional()
    .describe(
      'Whether the agent itself watched the new kubelet to the end, because no guard was there. Otherwise the guard of the Job reports how that ended.',
    ),
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

/** Report of a dry run, which writes nothing. would-change: a repair would make the change that `diff` shows. */
export const inspectReportSchema = repairReportSchema
  .pick({ nonce: true, reason: true, message: true, advice: true, layout: true })
  .extend(
    repairReportSchema.pick({
      effective: true,
      current: true,
      target: true,
      rewritten: true,
      compared: true,
      times: true,
    }).shape,
  )
  .extend({
    verb: z.literal('inspect').describe('Command that the agent ran: inspect.'),
    outcome: z
      .enum(['would-change', 'already-right', 'refused', 'failed'])
      .describe(
        'Outcome of the run. would-change: a repair would make the change that diff shows. already-right: the running kubelet already uses the target. refused: a repair would change nothing. failed: anything else.',
      ),
    diff: z.string().optional().describe('Unified diff, shortened if it does not fit into the report.'),
    change: changeSchema
      .pick({ path: true, line: true, sha256Before: true, sha256After: true, owner: true, mode: true })
      .optional()
      .describe('Change that a repair would make. Absent if it would make none.'),
  });
export type InspectReport = z.infer<typeof inspectReportSchema>;

/** Report of a rollback, in the words of the change that it makes: before is what the repair had written. */
export const rollbackReportSchema = repairReportSchema
  .pick({ nonce: true, reason: true, message: true, advice: true, nodeUnchanged: true, watched: true })
  .extend(repairReportSchema.pick({ change: true, kubelet: true, times: true }).shape)
  .extend({
    verb: z.literal('rollback').describe('Command that the agent ran: rollback.'),
    outcome: z
      .enum(['rolled-back', 'refused', 'failed'])
      .describe(
        'Outcome of the run. rolled-back: the file has the content from before the repair, and a kubelet that was started after that serves, which the guard then watches. refused: nothing was written. failed: anything else; if nodeUnchanged is true, the repair is still in place.',
      ),
  });
export type RollbackReport = z.infer<typeof rollbackReportSchema>;

/** Report of the guard, which watches the kubelet after a repair. */
export const guardReportSchema = repairReportSchema
  .pick({ nonce: true, reason: true, message: true, advice: true, nodeUnchanged: true })
  .extend(repairReportSchema.pick({ kubelet: true, times: true }).shape)
  .extend({
    verb: z.literal('guard').describe('Command that the agent ran: guard.'),
    outcome: z
      .enum(['kept', 'rolled-back', 'failed', 'nothing-to-guard'])
      .describe(
        'Outcome of the watch. kept: the kubelet served with the new value for the whole time. rolled-back: it crashed, the old configuration is back and the kubelet runs with it. failed: anything else. nothing-to-guard: the agent changed nothing.',
      ),
  });
export type GuardReport = z.infer<typeof guardReportSchema>;

/** How much of a resolv.conf a report quotes; the longest that a kubelet writes is a little longer. */
export const MAX_QUOTED_TEXT = 1024;

/** Report of a check: what a new pod on the node is given, whatever the check is for. */
export const checkReportSchema = z.object({
  // The proof pods of 0.1.0 ran a verb of their own. Their reports are in stored records, which must stay readable.
  verb: z.enum(['check', 'prove']).describe('Command that the agent ran: check. In older records: prove.'),
  nonce: z
    .string()
    .describe('UID of the remediation, repeated by the agent to show which request the report answers.'),
  outcome: z
    .enum(['usable', 'looping', 'may-loop', 'unusable', 'no-answer', 'failed', 'proven'])
    .describe(
      'Outcome of the run. usable: a CoreDNS pod that was created on the node now could forward queries. looping: it would forward them to itself. may-loop: it would forward some of them to itself or back into the cluster. unusable: it is given no nameserver that it can use. no-answer: its nameservers do not answer. failed: the check itself did not work; in older records, any outcome but usable. proven: in older records, usable.',
    ),
  reason: z.string().describe('Machine-readable reason (CamelCase) for the outcome.'),
  message: z.string().describe('Human-readable explanation of the reason.'),
  resolvConf: gradedFileSchema
    .extend({
      text: z
        .string()
        .optional()
        .describe(`Content of the file, cut after ${MAX_QUOTED_TEXT} characters. Absent in older records.`),
    })
    .optional()
    .describe('The resolv.conf that the pod was given.'),
  answers: z
    .array(
      z.object({
        server: z.string().describe('IP address of the nameserver that was asked.'),
        name: z.string().describe('Name that was asked for.'),
        scope: z
          .enum(['Cluster', 'External'])
          .optional()
          .describe(
            'Whether cluster DNS was asked for the own name of the cluster, or a nameserver of the resolv.conf for a name that is resolved through the upstream. Absent in older records, which have only the latter.',
          ),
        result: z
          .string()
          .describe('Response code of the answer, for example NOERROR or NXDOMAIN, or else the error.'),
        ms: z.number().describe('Time until the result in milliseconds, retries included.'),
      }),
    )
    .max(6)
    .describe('Answer of each nameserver in that resolv.conf, and of cluster DNS if it was asked.'),
});
export type CheckReport = z.infer<typeof checkReportSchema>;

export const agentReportSchema = z.discriminatedUnion('verb', [
  repairReportSchema,
  inspectReportSchema,
  rollbackReportSchema,
  guardReportSchema,
  checkReportSchema,
]);
export type AgentReport = z.infer<typeof agentReportSchema>;
