/** Cause: the server block of a zone other than "." loops. The kubelet's resolvConf is not involved. */
import { editCorefileCommands } from '../exam/commands.ts';
import type { ExamRule } from '../exam/exam-rule.ts';
import { fromGate } from '../exam/from-gate.ts';
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

export const stubDomainLoopExam: ExamRule = {
  cause: 'StubDomainLoop',
  judge: (facts) =>
    fromGate(
      facts,
      'StubDomainLoop',
      () => ({
        confidence: 'high',
        summary: `The server block for "${facts.loop?.diagnosis.sighting.zone}" in the Corefile forwards to a server that sends the queries back.`,
        commands: editCorefileCommands(facts.names),
      }),
      'The loop is in the zone ".", not in a stub domain.',
    ),
};
