/** The verb `pause`: nothing new begins, what has begun ends safely. */
import { DRY_RUN, MAX_PAUSE_REASON, REASON, reasonOf, textOf } from '../asking/options.ts';
import type { Verb } from '../verb.ts';

export const VERB: Verb = {
  name: 'pause',
  summary: 'let no repair begin, under one policy or under all',
  description:
    'Adds an entry with your user name and your reason to the pauses of a policy. From then on no repair begins under it; what has begun ends safely, nodes are checked and plans are made as before. Any entry is enough, so that nobody takes out the pause of another person by mistake: resume takes out your own. With --all-policies one switch on the namespace of the operator pauses all of them. Needs the ClusterRole dnshealth-pauser.',
  arguments: [{ name: '[policy]', summary: 'name of a DNSHealthPolicy', completes: 'policy' }],
  options: [
    REASON,
    { flags: '--until <time>', summary: 'when it ends by itself, in RFC 3339: 2026-12-01T06:00:00Z' },
    { flags: '--for <time>', summary: 'after which time it ends by itself: 90m, 2h, 48h' },
    { flags: '--all-policies', summary: 'pause all policies at once, until someone resumes them' },
    DRY_RUN,
  ],
  formats: [],
  examples: [
    {
      does: 'During an upgrade, at most for four hours',
      command: 'pause coredns --reason "upgrade to 1.36" --for 4h',
    },
    {
      does: 'Everything, at three in the morning',
      command: 'pause --all-policies --reason "looking into the outage"',
    },
  ],
  run: async (context, [policy], options) => {
    const reason = reasonOf(options, MAX_PAUSE_REASON);
    const dryRun = options['dryRun'] === true;
    const [until, duration] = [textOf(options['until']), textOf(options['for'])];
    const { pause } = await import('./pause.ts');
    return pause(context, {
      policy,
      allPolicies: options['allPolicies'] === true,
      reason,
      until,
      for: duration,
      dryRun,
    });
  },
};
