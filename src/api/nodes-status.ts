/** What the status of a policy says of all nodes: how many were checked, and which are not known to be well. */
import * as z from 'zod';
import { FILES_REASONS, type FilesReason } from './node-check-record.ts';
import { NODE_CONDITION } from './node-condition.ts';
import { timestamp } from './primitives.ts';

/** The status is written often, and shows at once what matters most. */
export const MAX_NOT_PROVEN = 20;
/** The message of a condition may be long, and 20 of them are written with every change. */
export const MAX_NODE_MESSAGE = 512;
export const MAX_FILES_DIFFER = 10;
export const MAX_FILES_MESSAGE = 256;

export const nodesStatusSchema = z
  .object({
    total: z
      .int()
      .describe(
        'Number of nodes that DNS pods could run on and that this policy covers: the Linux nodes that it selects and that belong to no older policy.',
      ),
    notCovered: z
      .int()
      .optional()
      .describe(
        'Number of Linux nodes that no policy covers: they are neither checked nor repaired. Absent if there are none.',
      ),
    checked: z
      .int()
      .describe(
        'Number of nodes whose last check is still valid: it saw which resolv.conf a new pod is given, and nothing about the node has changed since.',
      ),
    proven: z
      .int()
      .describe('Number of checked nodes that give new pods a resolv.conf with which DNS works.'),
    drifted: z
      .int()
      .describe(
        'Number of checked nodes that give new pods a resolv.conf with which CoreDNS forwards queries to itself.',
      ),
    summary: z.string().describe('Checked and total number of nodes, for example 4/5.'),
    notProven: z
      .array(
        z.object({
          node: z.string().describe('Name of the node.'),
          reason: z.string().describe(`Reason of its condition ${NODE_CONDITION}, for example Drifted.`),
          message: z
            .string()
            .max(MAX_NODE_MESSAGE)
            .describe(`Message of the condition, cut after ${MAX_NODE_MESSAGE} characters.`),
          since: timestamp().describe('Time since which the condition has had its status (RFC 3339).'),
        }),
      )
      .max(MAX_NOT_PROVEN)
      .default([])
      .describe(
        `Nodes whose condition ${NODE_CONDITION} is not True, at most ${MAX_NOT_PROVEN}: first those that an administrator has to look after, then those under repair, then those whose checks fail. A node that was never checked has no such condition and is not listed.`,
      ),
    filesDiffer: z
      .array(
        z.object({
          node: z.string().describe('Name of the node.'),
          reason: z
            .enum(Object.values(FILES_REASONS) as [FilesReason, ...FilesReason[]])
            .describe(
              'PendingInFile: the file is wrong, and the running kubelet is right until its next start. NotYetInEffect: the file was corrected, and the kubelet was not restarted since.',
            ),
          message: z
            .string()
            .max(MAX_FILES_MESSAGE)
            .describe(`What the file sets, cut after ${MAX_FILES_MESSAGE} characters.`),
          inspectedAt: timestamp().describe('Time of the last inspection of the files (RFC 3339).'),
        }),
      )
      .max(MAX_FILES_DIFFER)
      .default([])
      .describe(
        `Nodes whose condition is True and whose kubelet would use another resolv.conf after its next start, at most ${MAX_FILES_DIFFER}. Empty unless the policy sets drift.alsoFiles.`,
      ),
  })
  .describe(
    'What the checks of the nodes have shown. Absent until the nodes were counted, and in a policy under which no node is checked. A node that several policies select is checked under one: the oldest of those that go furthest.',
  );
export type NodesStatus = z.infer<typeof nodesStatusSchema>;
