/** Other pods of a repaired node that keep the resolv.conf that they were given before the repair. */
import * as z from 'zod';

export const MAX_OTHER_PODS = 20;

export const otherPodsSchema = z
  .object({
    total: z.int().optional().describe('Number of those pods. Absent if they could not be listed.'),
    pods: z
      .array(
        z.object({
          namespace: z.string().describe('Namespace of the pod.'),
          name: z.string().describe('Name of the pod.'),
          owner: z
            .string()
            .optional()
            .describe('Kind and name of the object that controls it, for example ReplicaSet/mailer-5d4c8.'),
        }),
      )
      .max(MAX_OTHER_PODS)
      .describe(`The first ${MAX_OTHER_PODS} of them.`),
    message: z.string().describe('What that means, and what to do.'),
  })
  .describe(
    'Other pods of the node with dnsPolicy Default that were started while the kubelet was wrong, and keep its resolv.conf until they are recreated. The operator leaves them alone. Absent if nothing was changed on the node.',
  );
export type OtherPods = z.infer<typeof otherPodsSchema>;
