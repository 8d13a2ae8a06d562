/** Cause: the server block of a zone other than "." loops. The kubelet's resolvConf is not involved. */
import type { CauseRule } from '../loop-facts.ts';
import { editCorefile } from '../object-names.ts';

export const stubDomainLoop: CauseRule = ({ names, sighting }) => {
  const { zone, from } = sighting;
  if (zone === '.') return null;
  return {
    cause: 'StubDomainLoop',
    remedy: {
      kind: 'advice',
      advice: `The server block for "${zone}" forwards to a server that sends the queries back${from ? ` (from ${from})` : ''}. Point the forward line of that block at the server that is authoritative for the zone: ${editCorefile(names)}. Check that this server does not forward the zone to the cluster.`,
    },
  };
};
