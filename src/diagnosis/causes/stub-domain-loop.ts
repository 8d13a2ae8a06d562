/** Cause: a server block for some other zone than "." loops. The kubelet's resolvConf has no part in that. */
import type { CauseRule } from '../loop-facts.ts';

export const stubDomainLoop: CauseRule = ({ sighting }) => {
  const { zone, from } = sighting;
  if (zone === '.') return null;
  return {
    cause: 'StubDomainLoop',
    remedy: {
      kind: 'advice',
      advice: `The server block for "${zone}" sends its queries to a server that hands them back${from ? ` (they returned from ${from})` : ''}. Look at the forward line of that block in the Corefile: point it at the server that is authoritative for the zone, and check that this server does not forward the zone to the cluster.`,
    },
  };
};
