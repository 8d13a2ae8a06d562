/** Nodes whose DNS pods loop, each with a record of its own: which of them may begin. */

import type { RemediationStatus } from '../../../src/api/remediation.ts';
import { mayBegin } from '../../../src/remediation/safety.ts';
import type { Verdict } from '../../../src/remediation/verdict.ts';
import type { Remediation, Situation } from '../../../src/remediation/world.ts';
import {
  aDnsPod,
  aLoopingPod,
  aNode,
  aRemediation,
  aSituation,
  at,
  SICK_POD,
  withSighting,
} from './builders.ts';

/** Its DNS pod `sick-<number>` on `node-<number>` loops, and it waits for its turn. */
export const looping = (number: number, settings: object = {}): Remediation =>
  withSighting(aRemediation({ node: `node-${number}`, createdAt: at(number), settings }), {
    pod: { ...SICK_POD, uid: `sick-${number}` },
  });

export const withStatus = (remediation: Remediation, status: Partial<RemediationStatus>): Remediation => ({
  ...remediation,
  status: { ...remediation.status, ...status },
});

/** May this one begin, with these records in the cluster, whose DNS is served by another node? */
export const mayBeginAmong = (
  remediation: Remediation,
  all: readonly Remediation[],
  more: Partial<Situation> = {},
): Verdict =>
  mayBegin(
    aSituation({
      remediation,
      now: at(100),
      ...more,
      world: {
        node: aNode({ name: remediation.spec.node.name }),
        dnsPods: [...all.flatMap(sickPodOf), aDnsPod({ node: 'node-that-serves' })],
        remediations: all,
      },
    }),
  );

const sickPodOf = ({ spec }: Remediation) =>
  spec.trigger === 'Crash' ? [aLoopingPod({ node: spec.node.name, uid: spec.sighting.pod.uid })] : [];
