/** Before the crash: what a policy declares about checks of nodes, and the evidence of a node that was found wrong. */
import * as z from 'zod';
import { gradedFileSchema } from './agent-report.ts';
import { NEVER, parseGoDuration } from './go-duration.ts';
import { timestamp } from './primitives.ts';

/** Why a node is checked. */
export const CHECK_REASONS = [
  /** It was never checked, or nothing is known of it any more. */
  'FirstSeen',
  'Rebooted',
  'KubeletUpgraded',
  'OSImageChanged',
  'KubeletStarted',
  /** The proof of a repair, which is a check of the node as well. */
  'Repaired',
  'HourAfterRepair',
  'DayAfterRepair',
  'Interval',
  /** The check before it failed. */
  'Retry',
  /** It was found wrong a while ago, and its repair may begin now. */
  'Drifted',
] as const;
export type CheckReason = (typeof CHECK_REASONS)[number];

/**
 * How urgent a node that was found wrong is, most urgent first. HostsDNSPods: a DNS pod runs there, which would loop after a
 * restart of the node. MayHostDNSPods: the scheduler could place one there. TakesNoDNSPods: it could not.
 */
export const DRIFT_PLACES = ['HostsDNSPods', 'MayHostDNSPods', 'TakesNoDNSPods'] as const;
export type DriftPlace = (typeof DRIFT_PLACES)[number];

export const driftSchema = z.object({
  kind: z
    .enum(['Kubelet', 'PendingInFile'])
    .describe(
      'What was found. Kubelet: the running kubelet gives new pods a looping resolv.conf. PendingInFile: the running kubelet is right, and its configuration file is wrong, which takes effect when the kubelet is restarted.',
    ),
  check: z
    .object({
      resolvConf: gradedFileSchema.describe('The resolv.conf that a new pod on the node was given.'),
      message: z.string().describe('Human-readable result of the check.'),
      checkedAt: timestamp().describe('Time at which the result of the check was read (RFC 3339).'),
    })
    .optional()
    .describe('Check that found the node wrong. Absent for PendingInFile.'),
  file: z
    .object({
      path: z.string().describe('Absolute path of the configuration file on the node.'),
      line: z.int().optional().describe('Number of the line that sets resolvConf, counted from 1.'),
      value: z.string().describe('Value of resolvConf in the file.'),
      message: z.string().describe('Human-readable result of the inspection.'),
    })
    .optional()
    .describe('Configuration that was found wrong. Absent for Kubelet.'),
  why: z.enum(CHECK_REASONS).describe('Why the node was checked.'),
  kubeletStartedAt: timestamp()
    .optional()
    .describe('Time at which the running kubelet was started (RFC 3339). Absent if it is not known.'),
  provenAt: timestamp()
    .optional()
    .describe('Time of the last check that found the node well (RFC 3339). Absent if none did.'),
  place: z
    .enum(DRIFT_PLACES)
    .describe(
      'Whether DNS pods run on the node, could be scheduled to it, or neither. Nodes are repaired in this order.',
    ),
  foundAt: timestamp().describe('Time at which the node was found wrong (RFC 3339).'),
});
export type Drift = z.infer<typeof driftSchema>;

const SHORTEST_INTERVAL = '10m';
/** Hours, minutes and seconds as Go reads them. Six digits keep the API server's `duration()` from overflowing. */
const INTERVAL = /^(0|([0-9]{1,6}(\.[0-9]{1,3})?(h|m|s))+)$/;
const isAllowed = (interval: string): boolean => {
  const ms = parseGoDuration(interval);
  return ms === NEVER || ms >= parseGoDuration(SHORTEST_INTERVAL);
};
const INTERVAL_MESSAGE = `interval must be 0 or at least ${SHORTEST_INTERVAL}`;

export const driftPolicySchema = z
  .object({
    interval: z
      .string()
      .max(32)
      .regex(INTERVAL)
      .default('24h')
      .describe(
        'How often a node is checked while nothing about it changes, for example 24h or 90m, at least 10m; 0 means never. Each node has its own moment, spread over the interval. A node is also checked when it is first seen, after a reboot, an upgrade of its kubelet or operating system, each start of its kubelet, and one hour and one day after a repair.',
      ),
    maxConcurrent: z
      .int()
      .min(1)
      .max(50)
      .default(5)
      .describe('Maximum number of checks that run at the same time, each on another node.'),
    alsoFiles: z
      .enum(['Off', 'Report', 'Repair'])
      .default('Off')
      .describe(
        'Also compare the configuration files of the kubelet with what it runs with, by a read-only Job with the rights of a repair. Off: do not. Report: report a node whose files are wrong while the kubelet is still right, or the other way round. Repair: also correct the file, without a restart. It has no effect in the mode Observe.',
      ),
    maxRepairs: z
      .int()
      .min(1)
      .max(10)
      .default(2)
      .describe(
        'Number of repairs of a node within 24 hours after which the operator does not repair a drift there again, because something on the node keeps writing the wrong value. The record then says what may have.',
      ),
  })
  // A pattern that does not match is reported by itself.
  .refine(({ interval }) => !INTERVAL.test(interval) || isAllowed(interval), {
    path: ['interval'],
    message: INTERVAL_MESSAGE,
  })
  .prefault({})
  .meta({
    'x-kubernetes-validations': [
      {
        rule: `duration(self.interval) == duration('0') || duration(self.interval) >= duration('${SHORTEST_INTERVAL}')`,
        message: INTERVAL_MESSAGE,
        fieldPath: '.interval',
      },
    ],
  })
  .describe('How nodes are checked before anything crashes, and how far a drift is repaired.');
