/** Decides from the facts of the node: a list of guards, in the order of what helps. Pure. */
import type { GradedFile, RefusalReason, RepairRequest, ResolvConfClass } from '../../api/agent-protocol.ts';
import { assertNever } from '../../api/assert-never.ts';
import { verdictOn } from '../../diagnosis/compared-files.ts';
import { describeSource } from '../../diagnosis/kubelet/setting.ts';
import { isUsable } from '../../diagnosis/resolv-conf.ts';
import type { Facts } from './facts.ts';
import { chosenTarget } from './grade-files.ts';
import { programProblem, reloadProblem, settingsProblem, unseenProblem } from './pending-problems.ts';

export type Decision =
  | {
      readonly kind: 'refuse';
      readonly reason: RefusalReason;
      readonly message: string;
      readonly advice?: string;
      readonly target?: GradedFile;
    }
  | { readonly kind: 'already-right'; readonly target: GradedFile }
  | { readonly kind: 'change'; readonly target: GradedFile };

export type Refusal = Extract<Decision, { kind: 'refuse' }>;

/** How bad a file of this class is for a pod. A change must be an improvement. */
const BADNESS: Readonly<Record<ResolvConfClass, number>> = {
  ok: 0,
  risky: 1,
  'mixed-loopback': 2,
  stub: 3,
  loopback: 3,
  'self-only': 3,
  empty: 3,
  invalid: 3,
  missing: 3,
};

/** Why a file of this class cannot be the target. */
const TARGET_PROBLEMS: Readonly<Record<ResolvConfClass, RefusalReason>> = {
  ok: 'TargetSilent',
  risky: 'TargetRisky',
  'mixed-loopback': 'TargetLoops',
  stub: 'TargetLoops',
  loopback: 'TargetLoops',
  'self-only': 'TargetSelfOnly',
  empty: 'TargetEmpty',
  invalid: 'TargetInvalid',
  missing: 'TargetMissing',
};

type Request = Pick<RepairRequest, 'acceptRisky' | 'replaceEmptyValue' | 'restart'>;
type Guard = (facts: Facts, request: Request) => Decision | undefined;

/**
 * The first one that decides counts. First what makes the value itself doubtful, then the ends without a restart: a
 * file that is right or usable needs neither a target nor a kubelet that may be restarted. Whose node it is and what
 * state the unit is in comes before all of this (`unit-problem.ts`), because a masked unit has no value.
 */
const GUARDS: readonly Guard[] = [
  notYetInEffect,
  ({ pending }) => settingsProblem(pending),
  emptyValueProblem,
  currentProblem,
  alreadyRight,
  currentIsUsable,
  targetProblem,
  flagProblem,
  ({ pending }) => unseenProblem(pending),
  ({ pending }) => programProblem(pending),
  ({ unit }) => reloadProblem(unit),
];

/**
 * Of a change of the file alone: nothing is restarted, so nothing else is applied. What the running kubelet does is the
 * first question, because a file is only corrected under a kubelet that is right.
 */
const GUARDS_OF_THE_FILE: readonly Guard[] = [
  emptyValueProblem,
  currentProblem,
  alreadyRight,
  currentIsUsable,
  runningProblem,
  targetProblem,
  flagProblem,
  ({ unit }) => reloadProblem(unit),
];

export function decide(facts: Facts, request: Request): Decision {
  const target = chosenTarget(facts.targets, request);
  for (const guard of request.restart === false ? GUARDS_OF_THE_FILE : GUARDS) {
    const decision = guard(facts, request);
    if (decision !== undefined) return target === undefined ? decision : { target, ...decision };
  }
  if (target === undefined) throw new Error('no target, but no problem with the targets either');
  return { kind: 'change', target };
}

/** The same as a pending change of anything else, but it says that the restart is all that is missing. */
function notYetInEffect({ compared, effective, current, pending }: Facts): Decision | undefined {
  if (!compared || verdictOn(compared) !== 'right-in-file') return undefined;
  const given = compared.given.nameservers.join(', ');
  return refuse(
    'PendingChanges',
    `The value of resolvConf is right in ${describeSource(effective.source)} (${effective.value}, class ${current?.class}), but not yet in effect: the kubelet was not restarted since, and gives new pods ${given} (class ${compared.given.class}). Changed since the kubelet was started: ${pending.settings.join(', ')}.`,
    'Review those changes, because a restart applies all of them. Then run `systemctl daemon-reload && systemctl restart kubelet` on the node.',
  );
}

function emptyValueProblem({ effective }: Facts, request: Request): Decision | undefined {
  if (effective.value !== '' || request.replaceEmptyValue) return undefined;
  return refuse(
    'EmptyValueNotAllowed',
    `The value of resolvConf is the empty string (${describeSource(effective.source)}).`,
  );
}

function currentProblem({ effective, currentProblem: problem }: Facts): Decision | undefined {
  if (problem === undefined) return undefined;
  return refuse(
    'CurrentUnreadable',
    `The kubelet reads ${printable(effective.value)}, as set by ${describeSource(effective.source)}. ${problem}`,
  );
}

const printable = (path: string): string => (/\p{Cc}/u.test(path) ? JSON.stringify(path) : path);

function alreadyRight({ effective, targets }: Facts, request: Request): Decision | undefined {
  const target = chosenTarget(targets, request);
  return target !== undefined && effective.value === target.path
    ? { kind: 'already-right', target }
    : undefined;
}

function currentIsUsable({ current, targets }: Facts, request: Request): Decision | undefined {
  if (current === undefined || !isUsable(current.class, { acceptRisky: true })) return undefined;
  const target = chosenTarget(targets, request);
  const isGoodEnough =
    target === undefined ? isUsable(current.class, request) : BADNESS[current.class] <= BADNESS[target.class];
  if (!isGoodEnough) return undefined;
  return refuse(
    'CurrentIsUsable',
    `The kubelet reads ${current.path}, which is of class ${current.class} (${current.nameservers.join(', ')}).`,
  );
}

function runningProblem({ compared, effective, current }: Facts): Decision | undefined {
  if (compared && verdictOn(compared) === 'wrong-in-file') return undefined;
  const given = compared?.given.nameservers.join(', ') || 'no nameserver';
  return refuse(
    'NotPendingInFile',
    `${describeSource(effective.source)} names ${effective.value} (class ${current?.class ?? 'unknown'}), and the running kubelet gives new pods ${compared ? `${given} (class ${compared.given.class})` : 'a file that the agent cannot see'}.`,
  );
}

function targetProblem(
  { targets }: Facts,
  request: Pick<RepairRequest, 'acceptRisky'>,
): Decision | undefined {
  if (chosenTarget(targets, request) !== undefined) return undefined;
  const target = targets.graded.toSorted((a, b) => rank(a) - rank(b))[0];
  const { problem } = targets;
  if (problem !== undefined && (target === undefined || target.class === 'missing'))
    return refuse(problem.reason, problem.message, problem.advice);
  if (target === undefined || target.class === 'missing')
    return {
      ...refuse('TargetMissing', `The target ${target?.path ?? 'file'} does not exist on this node.`),
      ...(target && { target }),
    };
  const servers = target.nameservers.join(', ') || 'no nameserver';
  return {
    ...refuse(
      TARGET_PROBLEMS[target.class],
      `The target ${target.path} is of class ${target.class} (${servers}).`,
    ),
    target,
  };
}

/** A flag in the unit can only be changed by hand; that says more than which file of the unit cannot be seen. */
function flagProblem({ effective: { source } }: Facts): Decision | undefined {
  switch (source.kind) {
    case 'unit-flag':
      return refuse(
        'FlagOverrides',
        `The value of resolvConf is set by ${describeSource(source)}, in the unit itself.`,
      );
    case 'unseen-flag':
      return refuse('FlagOverrides', `The value of resolvConf is set by ${describeSource(source)}.`);
    case 'default':
    case 'config':
    case 'drop-in':
    case 'environment-flag':
      return undefined;
    default:
      return assertNever(source);
  }
}

/** A bad target that exists says more than a missing one. */
const rank = ({ class: cls }: GradedFile): number => (cls === 'missing' ? 9 : BADNESS[cls]);

export function refuse(reason: RefusalReason, message: string, advice?: string): Refusal {
  return { kind: 'refuse', reason, message, ...(advice !== undefined && { advice }) };
}
