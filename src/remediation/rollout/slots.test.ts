import { expect, it } from 'vitest';
import {
  aLateLoop,
  aRemediation,
  at,
  withDrift,
  withLateLoop,
} from '../../../test/support/objects/builders.ts';
import { byTurn } from './slots.ts';

it('DNS pods that fail come before nodes that were found wrong, and of those the ones with DNS pods come first', () => {
  const on = (node: string, second: number) => aRemediation({ node, createdAt: at(second) });
  const line = [
    withDrift(on('takes-no-dns-pods', 1), { place: 'TakesNoDNSPods' }),
    withDrift(on('may-host-dns-pods', 2), { place: 'MayHostDNSPods' }),
    withDrift(on('hosts-dns-pods-later', 4), { place: 'HostsDNSPods' }),
    withDrift(on('hosts-dns-pods', 3), { place: 'HostsDNSPods' }),
    withLateLoop(on('does-not-answer', 6), aLateLoop()),
    on('crashed', 5),
  ];
  expect(line.toSorted(byTurn).map(({ spec }) => spec.node.name)).toEqual([
    'crashed',
    'does-not-answer',
    'hosts-dns-pods',
    'hosts-dns-pods-later',
    'may-host-dns-pods',
    'takes-no-dns-pods',
  ]);
});
