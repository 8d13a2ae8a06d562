/** The answer of a DNS server to one question, as the records of both kinds hold it. */
import * as z from 'zod';

export const answerSchema = z.object({
  protocol: z.enum(['udp', 'tcp']).describe('Transport protocol of the query.'),
  name: z.string().describe('Name that was asked for.'),
  type: z
    .enum(['A', 'AAAA'])
    .optional()
    .describe(
      'Record type that was asked for. The name of the cluster is asked for in each IP family of its Service.',
    ),
  scope: z
    .enum(['Cluster', 'External'])
    .optional()
    .describe(
      'Whether the name is the own one of the cluster, or one that is resolved through the upstream.',
    ),
  result: z.string().describe('IP addresses in the answer, or else the response code or the error.'),
  ok: z.boolean().describe('Whether the answer is correct.'),
  ms: z.number().describe('Response time in milliseconds.'),
});
export type Answer = z.infer<typeof answerSchema>;
