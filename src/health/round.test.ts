import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aProbedAnswer, aRound } from '../../test/support/objects/probe-rounds.ts';
import { FAILURES, type Failure, type Outcome, outcomeOf, wasHeard } from './round.ts';

const OUTCOMES: readonly Outcome[] = [
  'answers',
  'external-fails',
  'cluster-fails',
  'fails',
  'rejected',
  'silent',
];

describe('a round', () => {
  it.each(OUTCOMES)('that fails alike over both transports is named: %s', (outcome) => {
    expect(outcomeOf(aRound(outcome, 0))).toBe(outcome);
  });

  it('answers although one answer of each name was lost, whichever transport that was', () => {
    const failure = fc.constantFrom<Failure>(...FAILURES);
    const protocol = fc.constantFrom('udp' as const, 'tcp' as const);
    fc.assert(
      fc.property(failure, failure, protocol, protocol, (one, other, cluster, external) => {
        const lost = { Cluster: [cluster, one], External: [external, other] } as const;
        const answers = (['Cluster', 'External'] as const).flatMap((scope) =>
          (['udp', 'tcp'] as const).map((transport) => {
            const [lostOver, why] = lost[scope];
            return aProbedAnswer(scope, transport, transport === lostOver ? why : null);
          }),
        );
        expect(outcomeOf({ at: 0, answers })).toBe('answers');
      }),
    );
  });

  it('fails for the cluster if one of its two IP families fails over both transports', () => {
    const { at, answers } = aRound('answers', 0);
    const v6 = (['udp', 'tcp'] as const).map((protocol) => {
      const { answer, failure } = aProbedAnswer('Cluster', protocol, 'WrongAnswer');
      return { answer: { ...answer, type: 'AAAA' as const }, failure };
    });
    expect(outcomeOf({ at, answers: [...answers, ...v6] })).toBe('cluster-fails');
  });

  it('was heard if any DNS message came back, even a refusal', () => {
    const heard = OUTCOMES.filter((outcome) => wasHeard(aRound(outcome, 0)));
    expect(heard).toEqual(['answers', 'external-fails', 'cluster-fails', 'fails']);
  });
});
