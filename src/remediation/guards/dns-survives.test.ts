import { describe, expect, it } from 'vitest';
import { aDnsPod, aLoopingPod, aSituation } from '../../../test/support/objects/builders.ts';
import { pass } from '../verdict.ts';
import type { DnsPodView } from '../world.ts';
import { dnsSurvives } from './dns-survives.ts';

const among = (...dnsPods: readonly DnsPodView[]) => dnsSurvives(aSituation({ world: { dnsPods } }));

describe('a repair of the node with the looping pod', () => {
  it('waits while the last serving DNS pod runs there', () => {
    expect(among(aLoopingPod(), aDnsPod({ node: 'node-1' }))).toMatchObject({
      kind: 'wait',
      reason: 'LastServingPod',
    });
  });

  it('may begin while another node serves', () => {
    expect(among(aLoopingPod(), aDnsPod({ node: 'node-1' }), aDnsPod({ node: 'node-2' }))).toEqual(pass);
  });

  it('may begin when no DNS pod serves anywhere', () => {
    expect(among(aLoopingPod(), aLoopingPod({ uid: 'other', node: 'node-2' }))).toEqual(pass);
  });
});
