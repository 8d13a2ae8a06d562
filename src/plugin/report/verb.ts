/** The verb `report`: the page of an incident. */
import type { Verb } from '../verb.ts';

export const VERB: Verb = {
  name: 'report',
  summary: 'write the page of an incident: what broke, why, what was done, is it over',
  description:
    'Writes one HTML file that loads nothing and runs nothing, made from the DNSRemediation alone. With --from, the record is read from a file that was saved with kubectl, or from a page that was made earlier: neither the operator nor the cluster is needed. With --redact, names of nodes and pods, names with a dot, IP addresses and UIDs are replaced. Read the page before you publish it: any other name, such as that of the policy, stays.',
  arguments: [{ name: '[remediation]', summary: 'name of a DNSRemediation', completes: 'remediation' }],
  options: [
    {
      flags: '--from <file>',
      summary: 'read the record from this file: YAML, JSON or a page',
      completes: 'file',
    },
    {
      flags: '--redact',
      summary: 'replace names and addresses of the cluster by stand-ins, the same ones everywhere',
    },
  ],
  formats: ['html', 'md', 'json'],
  examples: [
    { does: 'The page of an incident', command: 'report node-1-dd60e7b3 > incident.html' },
    {
      does: 'For an issue, from a saved record, without names',
      command: 'report --from record.yaml --redact -o md',
    },
  ],
  run: async (context, [name], { from, redact }) =>
    (await import('./report.ts')).report(context, {
      ...(name !== undefined && { name }),
      ...(typeof from === 'string' && { from }),
      redact: redact === true,
    }),
};
