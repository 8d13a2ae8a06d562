/** Facts of the node in, one decision out. Pure: the order of the guards is the order of safety. */
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

/** How badly a pod fares with a file of this class. A change has to be an improvement, not a change for its own sake. */
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

/** Why a file of this class is no target. */
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
  if (unit.loadState === 'masked') return refuse('UnitMasked', `kubelet.service is masked (${state})`);
  if (unit.subState === 'auto-restart')
    return refuse(
      'RestartLoop',
      `systemd keeps restarting the kubelet: ${unit.autoRestarts} times so far (${state})`,
    );
  if (unit.jobPending || ['activating', 'deactivating', 'reloading'].includes(unit.activeState))
    return refuse('UnitBusy', `kubelet.service is being started or stopped by somebody else (${state})`);
  if (unit.loadState !== 'loaded' || unit.activeState !== 'active' || unit.mainPid === 0)
    return refuse('UnitNotRunning', `kubelet.service is ${unit.loadState}, ${state}`);
  return undefined;
}

function platformProblem({ platform }: Facts): Decision | undefined {
  if (platform === undefined) return undefined;
  return refuse(
    'ManagedPlatform',
    `this is a node of ${platform.name}, where the kubelet's configuration is generated`,
    platform.advice,
  );
}

/** Of the targets that may be taken, the one to take. */
export function chosenTarget(
  targets: readonly GradedFile[],
  request: Pick<RepairRequest, 'acceptRisky'>,
): GradedFile | undefined {
  // A later target that is right is better than an earlier one that is only accepted.
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
      ...refuse('TargetMissing', `${target?.path ?? 'the target'} is not on this node`),
      ...(target && { target }),
    };
  const servers = target.nameservers.join(', ') || 'no nameserver';
  return {
    ...refuse(TARGET_PROBLEMS[target.class], `${target.path} is ${target.class} (${servers})`),
    target,
  };
}

/** What is there, but bad, says more than what is missing. */
const rank = ({ class: cls }: GradedFile): number => (cls === 'missing' ? 9 : BADNESS[cls]);

function withTarget(
  facts: Facts,
  request: Pick<RepairRequest, 'replaceEmptyValue'>,
  target: GradedFile | undefined,
): Decision {
  if (target === undefined) throw new Error('no target, and no problem with it either');
  const { effective, current, newerThanKubelet } = facts;
  if (newerThanKubelet.length > 0 || facts.unit.needDaemonReload) {
    const what = newerThanKubelet.length > 0 ? newerThanKubelet.join(', ') : 'kubelet.service';
    return {
      ...refuse(
        'PendingChanges',
        `${what} changed after the kubelet was started; a restart would apply that as well`,
      ),
      target,
    };
  }
  if (effective.value === target.path) return { kind: 'already-right', target };
  if (effective.value === '' && !request.replaceEmptyValue)
    return {
      ...refuse(
        'EmptyValueNotAllowed',
        `resolvConf is the empty string (${describeSource(effective.source)})`,
      ),
      target,
    };
  if (!facts.currentIsVisible)
    return {
      ...refuse(
        'CurrentUnreadable',
        `the kubelet reads ${effective.value}, which leads outside of what the agent can see`,
      ),
      target,
    };
  if (current !== undefined && BADNESS[current.class] <= BADNESS[target.class])
    return {
      ...refuse(
        'CurrentIsUsable',
        `the kubelet reads ${current.path}, which is ${current.class} (${current.nameservers.join(', ')})`,
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
