/** Which ends pass by themselves: the same attempt may succeed later, although nobody does anything about it. */
import type { RefusalReason } from '../../api/agent-protocol.ts';
import type { Ending } from '../verdict.ts';

/** Reasons with which an attempt fails, from the stages and from the agent. */
type FailureReason =
  | 'JobDidNotStart'
  | 'InspectionFailed'
  | 'Interrupted'
  | 'InternalError'
  | 'InvalidRequest'
  | 'NoReport'
  | 'NodeGone'
  | 'KubeletDown'
  | 'UndoFailed'
  | 'GuardLost'
  | 'QuarantineTimedOut'
  | 'ProofTimedOut'
  | 'ProofUnreadable'
  | 'VerificationFailed'
  | 'NotVerified';

/** `needs-a-person`: the same attempt would end in the same way, or the node may not be as it was. */
type Prognosis = 'passes-by-itself' | 'needs-a-person';

const REFUSALS: Readonly<Record<RefusalReason, Prognosis>> = {
  // The resolver of the node is away, or has no lease yet after a boot.
  TargetMissing: 'passes-by-itself',
  TargetEmpty: 'passes-by-itself',
  TargetSilent: 'passes-by-itself',
  // Another run of the agent, systemd or an administrator is at work.
  Locked: 'passes-by-itself',
  UnitBusy: 'passes-by-itself',
  RestartLoop: 'passes-by-itself',
  PendingChanges: 'passes-by-itself',
  NoSpace: 'passes-by-itself',
  // The next attempt begins with a new plan, which has to be approved again.
  PlanChanged: 'passes-by-itself',

  CurrentIsUsable: 'needs-a-person',
  CurrentUnreadable: 'needs-a-person',
  EmptyValueNotAllowed: 'needs-a-person',
  TargetInvalid: 'needs-a-person',
  TargetLoops: 'needs-a-person',
  TargetSelfOnly: 'needs-a-person',
  TargetRisky: 'needs-a-person',
  UnknownLayout: 'needs-a-person',
  ManagedPlatform: 'needs-a-person',
  FlagOverrides: 'needs-a-person',
  DuplicateKey: 'needs-a-person',
  ConfigNotParseable: 'needs-a-person',
  UnsafePath: 'needs-a-person',
  NotWritable: 'needs-a-person',
  DirectoryNotMounted: 'needs-a-person',
  // The kubelet was restarted with the wrong value: the next check finds that, and begins an incident of its own.
  NotPendingInFile: 'needs-a-person',
  UnitMasked: 'needs-a-person',
  UnitNotRunning: 'needs-a-person',
  NothingToRollBack: 'needs-a-person',
  ChangedSince: 'needs-a-person',
  InputNotVisible: 'needs-a-person',
  NotReadable: 'needs-a-person',
};

const FAILURES: Readonly<Record<FailureReason, Prognosis>> = {
  // The image is not on the node yet, the node has no room, or its kubelet or the API server is away.
  JobDidNotStart: 'passes-by-itself',
  InspectionFailed: 'passes-by-itself',
  // The pod of the Job was evicted, or the node was shut down.
  Interrupted: 'passes-by-itself',

  InternalError: 'needs-a-person',
  InvalidRequest: 'needs-a-person',
  NoReport: 'needs-a-person',
  NodeGone: 'needs-a-person',
  KubeletDown: 'needs-a-person',
  UndoFailed: 'needs-a-person',
  GuardLost: 'needs-a-person',
  QuarantineTimedOut: 'needs-a-person',
  ProofTimedOut: 'needs-a-person',
  ProofUnreadable: 'needs-a-person',
  VerificationFailed: 'needs-a-person',
  // The node is repaired; only the new DNS pod could not start.
  NotVerified: 'needs-a-person',
};

const PROGNOSES: ReadonlyMap<string, Prognosis> = new Map(Object.entries({ ...REFUSALS, ...FAILURES }));

/** An end that left the node as it was, with a reason that passes by itself. */
export function passesByItself({ phase, reason, hold }: Ending): boolean {
  const isOutcomeOfAnAttempt = phase === 'Refused' || phase === 'Failed';
  return isOutcomeOfAnAttempt && !hold && PROGNOSES.get(reason) === 'passes-by-itself';
}
