import { expect, it } from 'vitest';
import { aNode, aRemediation, aSituation, isoAt } from '../../../test/support/objects/builders.ts';
import type { RemediationStatus } from '../../api/remediation.ts';
import { release } from './release.ts';

const act = { kind: 'act', effect: { kind: 'release' } };
const finished: RemediationStatus['steps'] = [{ name: 'Release', startedAt: isoAt(7), finishedAt: isoAt(7) }];

function situation({ holder, steps = [] }: { holder: string | null; steps?: RemediationStatus['steps'] }) {
  const quarantine = holder
    ? { remediation: holder, strategy: 'Cordon' as const, wasUnschedulable: false, since: isoAt(2) }
    : null;
  return aSituation({
    remediation: aRemediation({ status: { steps } }),
    world: { node: aNode({ quarantine }) },
  });
}
const own = aRemediation().name;

it('a node that this incident holds is released, even if the step is recorded as finished', () => {
  expect(release(situation({ holder: own }))).toEqual(act);
  expect(release(situation({ holder: own, steps: finished }))).toEqual(act);
});

it('a node that was released by someone else is recorded as released, once', () => {
  expect(release(situation({ holder: null }))).toEqual(act);
  expect(release(situation({ holder: null, steps: finished }))).toEqual({ kind: 'pass' });
});

it('a node that another incident holds is left alone once the step is recorded', () => {
  expect(release(situation({ holder: 'another', steps: finished }))).toEqual({ kind: 'pass' });
});

it('a node that was deleted needs no release', () => {
  const { world, ...rest } = situation({ holder: null });
  expect(release({ ...rest, world: { ...world, node: null } })).toEqual({ kind: 'pass' });
});
