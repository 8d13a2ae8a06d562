/** What can become of the pod of a check, as its node and its kubelet decide it. */
import type { CheckReport, ResolvConfClass } from '../../../src/api/agent-report.ts';
import { assertNever } from '../../../src/api/assert-never.ts';

export type Fate =
  | { readonly kind: 'reports'; readonly outcome: CheckReport['outcome']; readonly class: ResolvConfClass }
  /** A report on a looping file, whose nonce is not that of the check. */
  | { readonly kind: 'forges' }
  | { readonly kind: 'dies' }
  | { readonly kind: 'evicted' }
  /** The kubelet cannot pull the image, and ends the pod at its deadline. */
  | { readonly kind: 'image-missing' }
  /** Someone deletes it while it runs. */
  | { readonly kind: 'deleted' }
  /** The kubelet never takes it. */
  | { readonly kind: 'silent' };

export const PROVEN: Fate = { kind: 'reports', outcome: 'usable', class: 'ok' };
export const LOOPING: Fate = { kind: 'reports', outcome: 'looping', class: 'stub' };

export type End =
  | { readonly kind: 'status'; readonly afterMs: number; readonly status: object }
  | { readonly kind: 'deleted'; readonly afterMs: number }
  | { readonly kind: 'never' };

const RUNS_MS = 1_500;
const DEADLINE_MS = 60_000;

/** How the pod of the check with this nonce ends. */
export function endOf(fate: Fate, nonce: string): End {
  switch (fate.kind) {
    case 'reports':
      return leaves(reportOf(fate.outcome, fate.class, nonce));
    case 'forges':
      return leaves(reportOf('looping', 'stub', 'another nonce'));
    case 'dies':
      return leaves('');
    case 'evicted':
      return failed(RUNS_MS, 'Evicted', 'The node was low on resource: memory.');
    case 'image-missing':
      return failed(DEADLINE_MS, 'DeadlineExceeded', 'ImagePullBackOff');
    case 'deleted':
      return { kind: 'deleted', afterMs: RUNS_MS };
    case 'silent':
      return { kind: 'never' };
    default:
      return assertNever(fate);
  }
}

const leaves = (message: string): End => ({
  kind: 'status',
  afterMs: RUNS_MS,
  status: {
    containerStatuses: [
      { name: 'agent', containerID: 'containerd://check', state: { terminated: { exitCode: 0, message } } },
    ],
  },
});

/** Before its container ran. */
const failed = (afterMs: number, reason: string, message: string): End => ({
  kind: 'status',
  afterMs,
  status: { phase: 'Failed', reason, message },
});

function reportOf(outcome: CheckReport['outcome'], cls: ResolvConfClass, nonce: string): string {
  const nameservers = [cls === 'ok' ? '192.0.2.53' : '127.0.0.53'];
  const report: CheckReport = {
    verb: 'check',
    nonce,
    outcome,
    reason: 'X',
    message: `A new pod gets ${nameservers[0]}.`,
    resolvConf: { path: '/etc/resolv.conf', class: cls, nameservers },
    answers: [],
  };
  return JSON.stringify(report);
}
