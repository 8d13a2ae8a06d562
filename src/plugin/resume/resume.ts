/** Ends pauses: one's own, and those of other people only where that was said. */
import { PAUSE_ALL_ANNOTATION, PAUSE_ALL_BY_ANNOTATION } from '../../api/keys.ts';
import type { PauseEntry } from '../../api/policy/pause.ts';
import { askForEach } from '../asking/ask-for-each.ts';
import type { Stored } from '../asking/change.ts';
import { NAMESPACE_PATH, pausesIn, policyNamed, policyPath } from '../asking/pauses.ts';
import { whoAmI } from '../asking/who-am-i.ts';
import { PluginError } from '../errors.ts';
import { EXIT, type ExitCode, type PluginContext } from '../verb.ts';

interface Request {
  readonly policy: string | undefined;
  readonly allPolicies: boolean;
  /** Instead of one's own. */
  readonly by: string | undefined;
  readonly allEntries: boolean;
  readonly dryRun: boolean;
}

export async function resume(context: PluginContext, request: Request): Promise<ExitCode> {
  const { policy, allPolicies, by, allEntries, dryRun } = request;
  if (by !== undefined && allEntries) throw new PluginError('give --by or --all-entries, but not both');
  if (allPolicies && policy !== undefined)
    throw new PluginError('name a policy, or resume all with --all-policies, but not both');
  const { kube } = await context.connect();
  const whose = by ?? (await whoAmI(kube, context.signal));
  const belongs = (author: string): boolean => allEntries || author === whose;
  const name = allPolicies ? '' : await policyNamed(kube, policy, context.signal);
  let stay: readonly PauseEntry[] = [];
  const ask = allPolicies
    ? {
        object: 'all policies',
        what: 'Takes out the pause of all policies.',
        done: 'Resumed. Pauses of single policies stay: kubectl dnshealth status',
        already: 'Are not paused by this switch.',
        path: NAMESPACE_PATH,
        decide: (object: Stored) => resumingAll(object, belongs),
      }
    : {
        object: `dnshealthpolicy/${name}`,
        what: `Takes out ${allEntries ? 'all pauses' : `the pauses of ${whose}`}.`,
        done: 'Resumed.',
        already: 'Is not paused by an entry.',
        path: policyPath(name),
        decide: (object: Stored) => {
          const entries = pausesIn(object);
          stay = entries.filter((entry) => !belongs(entry.by));
          if (entries.length === 0) return null;
          if (stay.length === entries.length) throw new PluginError(noneOf(whose, name, stay));
          return { spec: { pause: stay } };
        },
      };
  await askForEach(kube, [{ ...ask, role: 'dnshealth-pauser' }], context, dryRun);
  for (const entry of stay) context.out.line(`${ask.object}: Is still paused by ${said(entry)}`);
  return EXIT.well;
}

const said = ({ by, reason, until }: PauseEntry): string =>
  `${by}${until === undefined ? '' : ` until ${until}`}: ${reason}`;

const noneOf = (whose: string, policy: string, entries: readonly PauseEntry[]): string =>
  `${whose} has not paused ${policy}; it is paused by ${entries.map(said).join('; ')}. --by takes out the pauses of one person, --all-entries all of them`;

function resumingAll({ metadata: { annotations } }: Stored, belongs: (author: string) => boolean) {
  const { [PAUSE_ALL_ANNOTATION]: reason, [PAUSE_ALL_BY_ANNOTATION]: by } = annotations;
  if (reason === undefined) return null;
  // Set by hand and without an author, it belongs to nobody.
  if (by !== undefined && !belongs(by))
    throw new PluginError(
      `all policies were paused by ${by}: ${reason}; --by ${by} or --all-entries takes that out`,
    );
  return { metadata: { annotations: { [PAUSE_ALL_ANNOTATION]: null, [PAUSE_ALL_BY_ANNOTATION]: null } } };
}
