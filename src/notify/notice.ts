/** What receivers can be told: one notice for each thing that happened, and the names by which they subscribe. */
import { FINAL_PHASES, type Outcome, type Phase } from '../api/remediation.ts';

/** In the order of an incident; each outcome of a remediation is an event of its own. */
export const NOTICE_EVENTS = [
  'Quarantined',
  'ApprovalWanted',
  'BreakerOpened',
  ...(FINAL_PHASES as readonly Outcome[]),
] as const;
export type NoticeEvent = 'Quarantined' | 'ApprovalWanted' | 'BreakerOpened' | Outcome;

export interface Notice {
  /** The same for the same thing: a receiver that gets it twice can tell. */
  readonly id: string;
  readonly event: NoticeEvent;
  /** When it happened, RFC 3339. */
  readonly at: string;
  readonly severity: 'info' | 'warning';
  readonly title: string;
  readonly text: string;
  /** What a person should do. */
  readonly advice?: string;
  readonly policy: { readonly name: string; readonly uid: string };
  readonly node?: string;
  readonly remediation?: {
    readonly name: string;
    readonly uid: string;
    readonly trigger: string;
    readonly phase: Phase;
    readonly reason?: string;
  };
  /** Of ApprovalWanted and Planned: which plan it is. */
  readonly plan?: { readonly hash: string; readonly expiresAt?: string };
}
