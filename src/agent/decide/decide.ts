/** Decides from the facts of the node. Pure; the guards come in the order of safety. */
import type { GradedFile, RefusalReason, RepairRequest, ResolvConfClass } from '../../api/agent-protocol.ts';
import { isUsable } from '../../diagnosis/resolv-conf.ts';
import { describeSource } from '../config/effective.ts';
import type { Facts } from './facts.ts';

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

export function decide(
  facts: Facts,
  request: Pick<RepairRequest, 'acceptRisky' | 'replaceEmptyValue'>,
): Decision {
  return (
    unitProblem(facts) ??
    platformProblem(facts) ??
    targetProblem(facts, request) ??
    withTarget(facts, request, chosenTarget(facts.targets, request))
  );
}

function unitProblem({ unit }: Facts): Decision | undefined {
  const state = `${unit.activeState}/${unit.subState}`;
  if (unit.loadState === 'masked')
    return refuse('UnitMasked', `The unit kubelet.service is masked (${state}).`);
  if (unit.subState === 'auto-restart')
    return refuse(
      'RestartLoop',
      `The kubelet is in a restart loop: ${unit.autoRestarts} restarts by systemd so far (${state}).`,
    );
  if (unit.jobPending || ['activating', 'deactivating', 'reloading'].includes(unit.activeState))
    return refuse('UnitBusy', `The unit kubelet.service is being started or stopped (${state}).`);
  if (unit.loadState !== 'loaded' || unit.activeState !== 'active' || unit.mainPid === 0)
    return refuse('UnitNotRunning', `The unit kubelet.service is ${unit.loadState}, ${state}.`);
  return undefined;
}

function platformProblem({ platform }: Facts): Decision | undefined {
  if (platform === undefined) return undefined;
  return refuse(
    'ManagedPlatform',
    `This is a node of ${platform.name}, which generates the configuration of the kubelet.`,
    platform.advice,
  );
}

/** The target to use, if any of them is usable. */
export function chosenTarget(
  targets: readonly GradedFile[],
  request: Pick<RepairRequest, 'acceptRisky'>,
): GradedFile | undefined {
  // A later target of class ok is better than an earlier one that is merely accepted.
  return (
    targets.find(({ class: cls }) => isUsable(cls, { acceptRisky: false })) ??
    targets.find(({ class: cls }) => isUsable(cls, request))
  );
}

function targetProblem(facts: Facts, request: Pick<RepairRequest, 'acceptRisky'>): Decision | undefined {
  if (chosenTarget(facts.targets, request) !== undefined) return undefined;
  const target = facts.targets.toSorted((a, b) => rank(a) - rank(b))[0];
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

/** A bad target that exists says more than a missing one. */
const rank = ({ class: cls }: GradedFile): number => (cls === 'missing' ? 9 : BADNESS[cls]);

function withTarget(
  facts: Facts,
  request: Pick<RepairRequest, 'replaceEmptyValue'>,
  target: GradedFile | undefined,
): Decision {
  if (target === undefined) throw new Error('no target, but no problem with the targets either');
  const { effective, current, newerThanKubelet } = facts;
  if (newerThanKubelet.length > 0 || facts.unit.needDaemonReload) {
    const what = newerThanKubelet.length > 0 ? newerThanKubelet.join(', ') : 'kubelet.service';
    return {
      ...refuse(
        'PendingChanges',
        `Changed since the kubelet was started: ${what}. A restart would apply that as well.`,
      ),
      target,
    };
  }
  if (effective.value === target.path) return { kind: 'already-right', target };
  if (effective.value === '' && !request.replaceEmptyValue)
    return {
      ...refuse(
        'EmptyValueNotAllowed',
        `The value of resolvConf is the empty string (${describeSource(effective.source)}).`,
      ),
      target,
    };
  if (!facts.currentIsVisible)
    return {
      ...refuse(
        'CurrentUnreadable',
        `The kubelet reads ${effective.value}, which is outside the directories that the agent can read.`,
      ),
      target,
    };
  if (current !== undefined && BADNESS[current.class] <= BADNESS[target.class])
    return {
      ...refuse(
        'CurrentIsUsable',
        `The kubelet reads ${current.path}, which is of class ${current.class} (${current.nameservers.join(', ')}).`,
      ),
      target,
    };
  return { kind: 'change', target };
}

export function refuse(
  reason: RefusalReason,
  message: string,
  advice?: string,
): Extract<Decision, { kind: 'refuse' }> {
  return { kind: 'refuse', reason, message, ...(advice !== undefined && { advice }) };
}
