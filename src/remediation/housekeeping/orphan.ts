/** Nothing is held for ever: may a quarantine be ended without the remediation that set it? */
import { MAX_QUARANTINE_SECONDS } from '../../api/policy.ts';
import { partsOfRecord } from '../../api/quarantine-record.ts';
import type { EventIntent } from '../record/events.ts';

/**
 * The remediation that a mark names:
 * - `gone`: there is none of that name, or it is another one, or one of another node
 * - `none`: the mark cannot be read, so it names none
 * - `unreadable`: this version cannot read it
 * - `over`, `open`: it releases the node itself
 */
export type Holder = 'gone' | 'none' | 'unreadable' | 'over' | 'open';

interface MarkedNode {
  /** The text of its quarantine annotation. */
  readonly text: string;
  readonly holder: Holder;
  /** When this process first saw this text on this node, epoch milliseconds. */
  readonly firstSeen: number;
  readonly now: number;
}

type MarkVerdict =
  | { readonly kind: 'keep'; readonly recheckMs: number }
  | { readonly kind: 'release'; readonly because: string };

/** Longer than any policy allows, so that a remediation that works is never overtaken. */
const LIMIT_MS = MAX_QUARANTINE_SECONDS * 1000 + 60_000;
const RECHECK_MS = 60_000;

export function judgeMark({ text, holder, firstSeen, now }: MarkedNode): MarkVerdict {
  if (holder === 'gone')
    return { kind: 'release', because: 'the DNSRemediation that it names does not exist' };
  // Whoever wrote a time in the future does not hold the node for longer.
  const since = Math.min(partsOfRecord(text).since ?? firstSeen, firstSeen);
  const leftMs = since + LIMIT_MS - now;
  if (holder === 'open') return { kind: 'keep', recheckMs: Math.max(leftMs, RECHECK_MS) };
  if (leftMs > 0) return { kind: 'keep', recheckMs: leftMs };
  return { kind: 'release', because: WHY[holder] };
}

const minutes = LIMIT_MS / 60_000;
const WHY: Readonly<Record<Exclude<Holder, 'gone' | 'open'>, string>> = {
  none: `the annotation cannot be read by this version of the operator, and ${minutes} minutes have passed`,
  unreadable: `the DNSRemediation that it names cannot be read by this version of the operator, and ${minutes} minutes have passed`,
  over: `the DNSRemediation that it names has ended, and ${minutes} minutes have passed`,
};

/** What became of the cordon of a node that was released without its remediation. */
type Cordon = 'none' | 'removed' | 'kept';

export const whatIsLeft = (node: string, cordon: Cordon): string =>
  ({
    none: 'The node is schedulable unless others have tainted it.',
    removed: 'The cordon of the operator was removed as well.',
    kept: `The node is still cordoned, because nothing proves that the operator cordoned it. Check whether it should be: if not, \`kubectl uncordon ${node}\`.`,
  })[cordon];

/** A node was released by this rule. */
export function orphanReleased(node: string, because: string, cordon: Cordon): EventIntent {
  return {
    about: [{ kind: 'node', name: node }],
    type: 'Warning',
    reason: 'OrphanReleased',
    action: 'Release',
    note: `The quarantine annotation of node ${node} was removed, and with it the taint and the label dnshealth.io/quarantined-by, because ${because}. ${whatIsLeft(node, cordon)} Check the kubelet of the node: a repair may have been under way.`,
  };
}
