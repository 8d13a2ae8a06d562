/** From a sighting to a claim: is the evidence fresh, and what is the incident called? */
import type { Sighting } from '../api/remediation.ts';
import { FINAL_PHASES } from '../api/remediation.ts';
import type { Remediation } from './world.ts';

/** Older evidence is ignored: after a cold start the operator must not repair what has recovered in the meantime. */
const EVIDENCE_LIMIT_MS = 10 * 60_000;
/** Room for `-`, the digest and a suffix within the 63 characters of a label value. */
const NODE_PART_LENGTH = 40;

type ClaimDecision =
  | { readonly kind: 'claim'; readonly name: string }
  | {
      readonly kind: 'skip';
      readonly reason: 'EvidenceTooOld' | 'OlderThanLastRepair' | 'NodeHasIncident' | 'Known';
    };

interface ClaimRequest {
  readonly sighting: Sighting;
  readonly node: { readonly name: string; readonly uid: string };
  readonly remediations: readonly Remediation[];
  /** A short stable digest of its argument, lower-case hexadecimal. */
  readonly digest: (text: string) => string;
  readonly now: number;
}

/** Decides whether a sighting becomes an incident of its own. */
export function decideClaim({ sighting, node, remediations, digest, now }: ClaimRequest): ClaimDecision {
  const diedAt = Date.parse(sighting.diedAt);
  const here = remediations.filter((other) => other.spec.node.uid === node.uid);
  const before = here.filter((other) => other.spec.sighting.pod.uid === sighting.pod.uid);
  if (before.some((other) => !isClosedBefore(other, diedAt))) return { kind: 'skip', reason: 'Known' };
  if (here.some((other) => !FINAL_PHASES.includes(other.status.phase)))
    return { kind: 'skip', reason: 'NodeHasIncident' };
  if (now - diedAt > EVIDENCE_LIMIT_MS) return { kind: 'skip', reason: 'EvidenceTooOld' };
  const lastEnd = Math.max(
    0,
    ...here.filter(changedTheWorld).map((other) => Date.parse(other.status.finishedAt ?? '') || 0),
  );
  if (diedAt <= lastEnd) return { kind: 'skip', reason: 'OlderThanLastRepair' };
  return { kind: 'claim', name: freeName() };

  /** Derived from how many incidents this pod had; further on if an older record was deleted, so that none is met. */
  function freeName(): string {
    const taken = new Set(here.map((other) => other.name));
    let incarnation = `${sighting.pod.uid}${'+'.repeat(before.length)}`;
    while (taken.has(remediationName(node, incarnation, digest))) incarnation += '+';
    return remediationName(node, incarnation, digest);
  }
}

/** A cancelled incident changed nothing, so evidence from before it still counts. */
const changedTheWorld = (remediation: Remediation): boolean => remediation.status.phase !== 'Cancelled';

/**
 * The pod recovered, the incident was cancelled while it waited, or an administrator acknowledged its end, and the pod
 * died again afterwards: that is a new incident. Any other end is final for its pod.
 */
function isClosedBefore({ status, acknowledged }: Remediation, diedAt: number): boolean {
  const isClosed = status.phase === 'Healed' || status.phase === 'Cancelled' || acknowledged;
  return isClosed && diedAt > Date.parse(status.finishedAt ?? '');
}

/** Derived from the node and the pod that died, so that a second create collides. */
function remediationName(
  node: { readonly name: string; readonly uid: string },
  pod: string,
  digest: (text: string) => string,
): string {
  const readable = node.name.toLowerCase().replaceAll('.', '-').slice(0, NODE_PART_LENGTH).replace(/-+$/, '');
  return `${readable}-${digest(`${node.uid}/${pod}`).slice(0, 8)}`;
}
