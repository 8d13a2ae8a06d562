import { describe, expect, it } from 'vitest';
import {
  aDnsPod,
  aLoopingPod,
  aRemediation,
  aSituation,
  at,
  withLateLoop,
} from '../../../test/support/objects/builders.ts';
import { pass } from '../verdict.ts';
import { stillSick } from './still-sick.ts';

describe('a repair is cancelled', () => {
  it.each([
    ['the pod is gone', { world: { dnsPods: [aDnsPod()] } }, 'PodGone'],
    [
      'the pod has recovered',
      { now: at(60), world: { dnsPods: [aLoopingPod({ ready: true, runningSince: at(10) })] } },
      'Recovered',
    ],
    ['it has waited for an hour', { now: at(3700) }, 'WaitedTooLong'],
  ])('when %s', (_why, overrides, reason) => {
    expect(stillSick(aSituation(overrides))).toMatchObject({
      kind: 'end',
      ending: { phase: 'Cancelled', reason, hold: false },
    });
  });

  it('but not for a looping pod that is Ready for a second: it has not recovered', () => {
    const dnsPods = [aLoopingPod({ ready: true, runningSince: at(2) }), aDnsPod()];
    expect(stillSick(aSituation({ now: at(3), world: { dnsPods } }))).toEqual(pass);
  });
});

describe('an incident of a pod that loops without crashing', () => {
  const remediation = withLateLoop(aRemediation());
  const verdict = (answers: boolean | null) => {
    const dnsPods = [aLoopingPod({ ready: true, runningSince: at(-600), answers }), aDnsPod()];
    return stillSick(aSituation({ remediation, now: at(60), world: { dnsPods } }));
  };

  it('goes on although the pod is Ready, also while it was not asked again', () => {
    expect([false, null].map(verdict)).toEqual([pass, pass]);
  });

  it('is cancelled once the pod answers', () => {
    expect(verdict(true)).toMatchObject({ kind: 'end', ending: { reason: 'Recovered' } });
  });
});
