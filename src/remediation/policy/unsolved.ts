/** Which ended incidents wait for an administrator: the last one of each node that ended badly and is not acknowledged. */
import type { Phase } from '../../api/remediation.ts';
import type { Remediation } from '../world.ts';

export const UNSOLVED = ['Refused', 'RolledBack', 'Failed'] as const satisfies readonly Phase[];
const ENDED_BADLY: readonly Phase[] = UNSOLVED;
/** A person wanted it to end in this way. */
const AS_ASKED: readonly string[] = ['Rejected', 'RolledBackOnRequest'];

/** @param remediations all of one policy */
export function unsolved(remediations: readonly Remediation[]): readonly Remediation[] {
  return remediations.filter((one) => needsSomeone(one) && isLastOfItsNode(one, remediations));
}

const needsSomeone = ({ acknowledged, status }: Remediation): boolean =>
  !acknowledged && ENDED_BADLY.includes(status.phase) && !AS_ASKED.includes(status.reason ?? '');

/** What came after it tells more of the node, once it has begun: until then it may wait for this very one. */
const isLastOfItsNode = (one: Remediation, all: readonly Remediation[]): boolean =>
  all.every(
    ({ spec, createdAt, status }) =>
      spec.node.uid !== one.spec.node.uid || createdAt <= one.createdAt || status.phase === 'Pending',
  );
