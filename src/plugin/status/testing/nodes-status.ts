/** What a policy says of its nodes, for the tests of the status and of the watch. */
import { isoAt } from '../../../../test/support/objects/builders.ts';
import type { PolicyStatus } from '../../../api/policy/status.ts';

type DifferingFile = NonNullable<PolicyStatus['nodes']>['filesDiffer'][number];
export const PENDING: DifferingFile = {
  node: 'node-4',
  reason: 'PendingInFile',
  message: 'The file sets the stub.',
  inspectedAt: isoAt(40),
};

export const listed = (node: string, reason: string, message: string) => ({
  node,
  reason,
  message,
  since: isoAt(40),
});
export const nodesStatus = (notProven: ReturnType<typeof listed>[]) => ({
  total: 5,
  checked: 4,
  proven: 3,
  drifted: 1,
  summary: '4/5',
  notProven,
  filesDiffer: [] as DifferingFile[],
});
