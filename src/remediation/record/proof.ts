/** What a check that was made as a proof says about the node. */
import type { CheckReport } from '../../api/agent-protocol.ts';

/** Records of earlier releases have `proven` where a check now reports `usable`. */
export const isProven = ({ outcome }: Pick<CheckReport, 'outcome'>): boolean =>
  outcome === 'usable' || outcome === 'proven';
