/** The verb `resume`: takes out one's own pause. */
import { DRY_RUN, textOf } from '../asking/options.ts';
import type { Verb } from '../verb.ts';

export const VERB: Verb = {
  name: 'resume',
  summary: 'take out your pauses of a policy, or the pause of all policies',
  description:
    'Takes out the pauses that carry your user name. Those of other people stay, and are shown; --by takes out those of one person, --all-entries all of them. Needs the ClusterRole dnshealth-pauser; entries of other people need the right to update the policy.',
  arguments: [{ name: '[policy]', summary: 'name of a DNSHealthPolicy', completes: 'policy' }],
  options: [
    { flags: '--by <user>', summary: 'take out the pauses of this person' },
    { flags: '--all-entries', summary: 'take out the pauses of everyone' },
    { flags: '--all-policies', summary: 'take out the pause of all policies' },
    DRY_RUN,
  ],
  formats: [],
  examples: [
    { does: 'Your own pause of a policy', command: 'resume coredns' },
    { does: 'The switch that paused all policies', command: 'resume --all-policies' },
  ],
  run: async (context, [policy], { by, allEntries, allPolicies, dryRun }) =>
    (await import('./resume.ts')).resume(context, {
      policy,
      allPolicies: allPolicies === true,
      by: textOf(by),
      allEntries: allEntries === true,
      dryRun: dryRun === true,
    }),
};
