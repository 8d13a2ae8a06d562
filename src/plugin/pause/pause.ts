/** Pauses one policy with an entry of one's own, or all of them with the switch on the operator's namespace. */
import { PAUSE_ALL_ANNOTATION, PAUSE_ALL_BY_ANNOTATION } from '../../api/keys.ts';
import type { PauseEntry } from '../../api/policy/pause.ts';
import { askForEach } from '../asking/ask-for-each.ts';
import type { Stored } from '../asking/change.ts';
import { NAMESPACE_PATH, pausesIn, policyNamed, policyPath } from '../asking/pauses.ts';
import { whoAmI } from '../asking/who-am-i.ts';
import { PluginError } from '../errors.ts';
import { EXIT, type ExitCode, type PluginContext } from '../verb.ts';
import { endOf } from './end-of.ts';

interface Request {
  readonly policy: string | undefined;
  readonly allPolicies: boolean;
  readonly reason: string;
  /** As on the command line. */
  readonly until: string | undefined;
  readonly for: string | undefined;
  readonly dryRun: boolean;
}

/** As in the CRD. */
const MOST_ENTRIES = 20;

export async function pause(context: PluginContext, request: Request): Promise<ExitCode> {
  const { policy, allPolicies, reason, dryRun } = request;
  const until = endOf(request, context.now());
  if (allPolicies && policy !== undefined)
    throw new PluginError('name a policy, or pause all with --all-policies, but not both');
  if (allPolicies && until !== undefined)
    throw new PluginError(
      '--all-policies has no end of its own: leave out --until and --for, and end it with kubectl dnshealth resume --all-policies',
    );
  const { kube } = await context.connect();
  const user = await whoAmI(kube, context.signal);
  const common = { role: 'dnshealth-pauser' } as const;
  const name = allPolicies ? '' : await policyNamed(kube, policy, context.signal);
  const ask = allPolicies
    ? {
        ...common,
        object: 'all policies',
        what: `Pauses all policies as ${user}: ${reason}`,
        done: `Paused. No repair begins until someone runs: kubectl dnshealth resume --all-policies`,
        already: 'Were paused before with this reason.',
        path: NAMESPACE_PATH,
        decide: (object: Stored) => pausingAll(object, reason, user),
      }
    : {
        ...common,
        object: `dnshealthpolicy/${name}`,
        what: `Pauses the policy as ${user}${until === undefined ? '' : ` until ${until}`}: ${reason}`,
        done: `Paused. No repair begins under it; what has begun ends. To end the pause: kubectl dnshealth resume ${name}`,
        already: 'Was paused before with this reason.',
        path: policyPath(name),
        decide: (object: Stored) =>
          withEntry(object, { reason, by: user, ...(until === undefined ? {} : { until }) }),
      };
  await askForEach(kube, [ask], context, dryRun);
  return EXIT.well;
}

/** The list as it is with one more entry: the precondition of the write keeps those that others add at the same time. */
function withEntry(policy: Stored, entry: PauseEntry) {
  const entries = pausesIn(policy);
  const same = entries.find(({ by, reason }) => by === entry.by && reason === entry.reason);
  if (same && same.until === entry.until) return null;
  const others = entries.filter((one) => one !== same);
  if (others.length === MOST_ENTRIES)
    throw new PluginError(
      `the policy ${policy.metadata.name} has ${MOST_ENTRIES} pauses already, which is the most: take out old ones with kubectl dnshealth resume ${policy.metadata.name}`,
    );
  return { spec: { pause: [...others, entry] } };
}

function pausingAll({ metadata: { annotations } }: Stored, reason: string, user: string) {
  const { [PAUSE_ALL_ANNOTATION]: before, [PAUSE_ALL_BY_ANNOTATION]: by = 'someone' } = annotations;
  if (before === reason && by === user) return null;
  if (before !== undefined && by !== user)
    throw new PluginError(`all policies are paused already, by ${by}: ${before}`);
  return { metadata: { annotations: { [PAUSE_ALL_ANNOTATION]: reason, [PAUSE_ALL_BY_ANNOTATION]: user } } };
}
