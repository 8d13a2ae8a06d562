/** What a repair would do to one node, found by a read-only inspection, and a person's answer to it. */
import * as z from 'zod';
import { timestamp } from './primitives.ts';

/** Pods that a plan names; a node runs one or two DNS pods. */
const MAX_RECREATED = 16;

/** The plan is made again when one of these is another: the file may be too, or what the kubelet makes of it. */
const madeForSchema = z
  .object({
    bootID: z.string().describe('Boot ID of the node.'),
    kubeletStartedAt: timestamp()
      .optional()
      .describe('Time of the last start of the kubelet that was known (RFC 3339).'),
    found: z
      .enum(['proven', 'drifted'])
      .optional()
      .describe('What the last check of the node had found. Absent if it was never checked.'),
  })
  .describe('State of the node that the plan was made for. If it changes, the plan is made again.');

export const planSchema = z
  .object({
    hash: z
      .string()
      .describe(
        'SHA-256 in hexadecimal over everything that the plan would do: UID of the node, file, bytes of the file before and after, setting, target, restart, and image of the agent. An approval is bound to it, and a repair that finds anything else refuses.',
      ),
    number: z.int().describe('Number of this plan within the incident, counted from 1.'),
    madeAt: timestamp().describe('Time at which the inspection had ended (RFC 3339).'),
    expiresAt: timestamp()
      .optional()
      .describe('Time until which the plan can be approved (RFC 3339). Absent in the mode Plan.'),
    changes: z
      .enum(['Kubelet', 'File', 'Nothing'])
      .describe(
        'What would be changed on the node. Kubelet: resolvConf is changed and the kubelet is restarted once. File: the file is corrected, without a restart. Nothing: the kubelet is right already, and DNS pods that were started before are replaced.',
      ),
    file: z.string().optional().describe('Absolute path of the file that would be changed.'),
    line: z.int().optional().describe('Number of the line that would be changed, counted from 1.'),
    setting: z
      .string()
      .optional()
      .describe(
        'Where the effective value is set: file:line, "--resolv-conf in file:line", or "built-in default".',
      ),
    target: z.string().optional().describe('Absolute path that resolvConf would be set to.'),
    diff: z.string().optional().describe('Unified diff of the change without secrets.'),
    sha256Before: z.string().optional().describe('SHA-256 of the file as it is, in hexadecimal.'),
    sha256After: z.string().optional().describe('SHA-256 of the file after the change, in hexadecimal.'),
    restarts: z
      .array(z.string())
      .max(4)
      .default([])
      .describe('systemd units that would be restarted: kubelet.service, or nothing.'),
    recreates: z
      .array(z.string())
      .max(MAX_RECREATED)
      .default([])
      .describe('Names of the DNS pods that would be deleted, so that their workload replaces them.'),
    agentImage: z.string().describe('Image that would make the change.'),
    madeFor: madeForSchema,
    summary: z.string().describe('The plan in one sentence.'),
  })
  .describe('What a repair would do to the node. Made again when the node has changed.');
export type Plan = z.infer<typeof planSchema>;

export const approvalSchema = z
  .object({
    hash: z.string().describe('Hash of the plan that was approved.'),
    by: z.string().describe('User that approved it, as the API server authenticated it.'),
    at: timestamp().describe('Time at which the operator saw the approval (RFC 3339).'),
  })
  .describe("A person's consent to one plan.");
export type Approval = z.infer<typeof approvalSchema>;
