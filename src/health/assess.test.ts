import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aSeries } from '../../test/support/objects/probe-rounds.ts';
import { type Asked, assess, type ServiceHealth } from './assess.ts';
import { doesAnswer, podHealth, wantsComparison } from './pod-health.ts';
import type { Outcome } from './round.ts';

const well: readonly Outcome[] = ['answers', 'answers', 'answers', 'answers'];
const noExternal: readonly Outcome[] = ['answers', 'external-fails', 'external-fails', 'external-fails'];
const silent: readonly Outcome[] = ['answers', 'silent', 'silent', 'silent'];
const never: readonly Outcome[] = ['silent', 'silent', 'silent', 'silent'];
const rejected: readonly Outcome[] = ['rejected', 'rejected', 'rejected', 'rejected'];

type Flags = { readonly hostNetwork?: boolean; readonly lateLoop?: 'yes' | 'maybe' };
function aPod(name: string, outcomes: readonly Outcome[], flags: Flags = {}) {
  return podHealth({ name, hostNetwork: false, lateLoop: 'no', ...flags }, aSeries(outcomes));
}
const told = (parts: Partial<Asked> & Pick<Asked, 'pods'>) =>
  assess({ service: null, hasRoute: true, ...parts });
const aService = (outcomes: readonly Outcome[]): ServiceHealth => aPod('service', outcomes);

describe('the DNS of a cluster', () => {
  it.each<[string, string, Partial<Asked> & Pick<Asked, 'pods'>]>([
    ['True AllPodsAnswer', 'if all pods answer', { pods: [aPod('a', well), aPod('b', well)] }],
    [
      'True AllPodsAnswer',
      'if one answer was lost',
      { pods: [aPod('a', well), aPod('b', [...well, 'silent'])] },
    ],
    [
      'True AllPodsAnswer',
      'if the pods of another place cannot be asked from here',
      { pods: [aPod('a', well), aPod('b', rejected, { hostNetwork: true })] },
    ],
    ['Unknown NotAsked', 'until every pod was asked', { pods: [aPod('a', well), aPod('b', [])] }],
    ['Unknown NotAsked', 'while the first round of a pod failed', { pods: [aPod('a', ['silent'])] }],
    [
      'False LateLoop',
      'if a check has shown one, whatever else is known',
      { pods: [aPod('a', noExternal, { lateLoop: 'yes' }), aPod('b', silent), aPod('c', [])] },
    ],
    [
      'False PodsDoNotAnswer',
      'if one does not answer for external names and another one does',
      { pods: [aPod('a', noExternal), aPod('b', well)] },
    ],
    ['False PodsDoNotAnswer', 'if one is silent', { pods: [aPod('a', silent), aPod('b', well)] }],
    ['False PodsDoNotAnswer', 'if the only one is silent that was heard', { pods: [aPod('a', silent)] }],
    [
      'False PodsDoNotAnswer',
      'if all reject queries that were heard before',
      { pods: [aPod('a', [...well, ...rejected]), aPod('b', [...well, ...rejected])] },
    ],
    [
      'False UpstreamUnreachable',
      'if none answers for external names',
      { pods: [aPod('a', noExternal), aPod('b', noExternal)] },
    ],
    [
      'False PodsDoNotAnswer',
      'while a node is checked that may be the reason, not the upstream',
      { pods: [aPod('a', noExternal, { lateLoop: 'maybe' }), aPod('b', noExternal)] },
    ],
    [
      'True AllPodsAnswer',
      'as soon as the pod answers that looped before',
      { pods: [aPod('a', [...noExternal, 'answers'], { lateLoop: 'yes' })] },
    ],
    ['False UpstreamUnreachable', 'also with a single pod', { pods: [aPod('a', noExternal)] }],
    [
      'Unknown NotAsked',
      'if the operator never heard a pod: it may have no way to them',
      { pods: [aPod('a', never), aPod('b', rejected)], hasRoute: false },
    ],
    [
      'Unknown NotAsked',
      'if several pods that were heard fall silent together',
      { pods: [aPod('a', silent), aPod('b', silent)] },
    ],
    [
      'Unknown NotAsked',
      'if all are in the host network and do not listen there',
      { pods: [aPod('a', rejected, { hostNetwork: true })] },
    ],
    [
      'False ServiceDoesNotAnswer',
      'if the Service rejects queries, as one without endpoints does',
      { pods: [aPod('a', well)], service: aService(rejected) },
    ],
    [
      'False ServiceDoesNotAnswer',
      'if the Service fell silent',
      { pods: [aPod('a', well)], service: aService(silent) },
    ],
    [
      'True AllPodsAnswer',
      'if the Service was never heard: from outside the cluster its address means nothing',
      { pods: [aPod('a', well)], service: aService(never) },
    ],
    [
      'False PodsDoNotAnswer',
      'rather than of the Service if a pod explains it',
      { pods: [aPod('a', well), aPod('b', silent)], service: aService(silent) },
    ],
  ])('is %s %s', (expected, _why, asked) => {
    const { status, reason, message } = told(asked);
    expect(`${status} ${reason}`).toBe(expected);
    expect(message).toMatch(/^[A-Za-z0-9].*\.$/);
  });

  it('waits for the answers of the siblings before it says whose fault a failure is', () => {
    const a = aPod('a', ['answers', 'external-fails', 'external-fails']);
    const b = aPod('b', ['answers']);
    expect(told({ pods: [a, b] })).toMatchObject({ status: 'Unknown', reason: 'NotAsked' });
    expect([wantsComparison(a, [a, b]), wantsComparison(b, [a, b])]).toEqual([false, true]);
    // A first failure of the sibling decides nothing either.
    const doubt = aPod('b', ['answers', 'answers', 'external-fails']);
    expect(told({ pods: [a, { ...doubt, verdict: 'answers' }] }).reason).toBe('NotAsked');
  });

  it('is asked again, not blamed, when the upstream comes back for a sibling first', () => {
    const a = aPod('a', ['external-fails', 'external-fails', 'external-fails', 'answers']);
    const b = aPod('b', ['external-fails', 'external-fails', 'external-fails']);
    expect(told({ pods: [a, b] })).toMatchObject({ status: 'Unknown', reason: 'NotAsked' });
    expect([wantsComparison(a, [a, b]), wantsComparison(b, [a, b])]).toEqual([false, true]);
    const still = aPod('b', ['external-fails', 'external-fails', 'external-fails', 'external-fails']);
    expect(told({ pods: [a, still] }).reason).toBe('PodsDoNotAnswer');
  });

  it('is never called healthy while a pod fails twice in a row, whatever the others do', () => {
    const outcome = fc.constantFrom<Outcome>('answers', 'external-fails', 'fails', 'silent', 'rejected');
    const outcomes = fc.array(outcome, { maxLength: 6 });
    fc.assert(
      fc.property(fc.array(outcomes, { minLength: 1, maxLength: 4 }), fc.boolean(), (all, hasRoute) => {
        const pods = all.map((one, index) => aPod(`pod-${index}`, one));
        if (told({ pods, hasRoute }).status !== 'True') return;
        for (const history of all) {
          expect(history.length).toBeGreaterThan(0);
          const lastTwo = history.slice(-2);
          expect(lastTwo.length === 2 && lastTwo.every((one) => one !== 'answers')).toBe(false);
        }
      }),
    );
  });
});

describe('a pod', () => {
  const a = aPod('a', noExternal);
  it.each<[boolean | null, string, readonly ReturnType<typeof aPod>[]]>([
    [false, 'if it fails and a sibling answers', [a, aPod('b', well)]],
    [false, 'if it loops', [aPod('a', noExternal, { lateLoop: 'yes' }), aPod('b', noExternal)]],
    [true, 'if it answers', [aPod('a', well)]],
    [null, 'if all fail: the reason may lie beyond them', [a, aPod('b', noExternal)]],
    [null, 'if it is silent: its clients may have a way to it', [aPod('a', silent), aPod('b', well)]],
    [null, 'if it rejects queries', [aPod('a', rejected), aPod('b', well)]],
    [null, 'if it was not asked', [aPod('a', []), aPod('b', well)]],
    [null, 'after a first failure', [aPod('a', ['silent']), aPod('b', well)]],
  ])('counts as answering: %s, %s', (expected, _why, all) => {
    const [pod] = all;
    expect(pod && doesAnswer(pod, all)).toBe(expected);
  });
});
