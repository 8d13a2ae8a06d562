import { describe, expect, it } from 'vitest';
import { aRawNode } from '../../test/support/objects/raw-objects.ts';
import { parseNodeFacts } from './node-facts.ts';

const takesDNSPods = (spec: object) => parseNodeFacts(aRawNode({ spec })).takesDNSPods;
const tainted = (key: string, effect = 'NoSchedule') => ({ taints: [{ key, effect }] });

describe('whether a node takes DNS pods', () => {
  it('does, with no taint, or one that every CoreDNS tolerates or the scheduler need not heed', () => {
    expect(takesDNSPods({})).toBe(true);
    expect(takesDNSPods(tainted('node-role.kubernetes.io/control-plane'))).toBe(true);
    expect(takesDNSPods(tainted('example.com/batch', 'PreferNoSchedule'))).toBe(true);
  });

  it('does not, cordoned or with a taint that somebody set', () => {
    expect(takesDNSPods({ unschedulable: true })).toBe(false);
    expect(takesDNSPods(tainted('example.com/gpu'))).toBe(false);
    expect(takesDNSPods(tainted('example.com/gpu', 'NoExecute'))).toBe(false);
  });

  it.each(['node.kubernetes.io/not-ready', 'node.cloudprovider.kubernetes.io/uninitialized'])(
    'does, with %s, which goes by itself: a node that joins has it when it is looked at',
    (key) => expect(takesDNSPods(tainted(key))).toBe(true),
  );
});
