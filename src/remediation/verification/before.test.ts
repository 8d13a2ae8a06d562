import { describe, expect, it } from 'vitest';
import {
  aDnsPod,
  aLoopingPod,
  aNode,
  aSituation,
  aStatus,
  at,
  isoAt,
} from '../../../test/support/objects/builders.ts';
import type { Answer } from '../../api/answer.ts';
import type { Trigger } from '../../api/trigger.ts';
import type { DnsPodView } from '../world.ts';
import { failedBefore, podToAskBefore, wasCutOffBefore } from './before.ts';

const whom = (dnsPods: readonly DnsPodView[], trigger: Trigger = 'Crash') =>
  podToAskBefore(aSituation({ world: { node: aNode(), dnsPods } }).world, trigger, at(20))?.uid ?? null;

describe('the pod that is asked before the change', () => {
  it.each<[string, readonly DnsPodView[], string | null]>([
    ['serves on another node', [aDnsPod({ uid: 'here', node: 'node-1' }), aDnsPod()], 'pod-well'],
    ['serves on this node if none does elsewhere', [aDnsPod({ uid: 'here', node: 'node-1' })], 'here'],
    [
      'is nobody if all of them loop',
      [aLoopingPod(), aLoopingPod({ ready: true, runningSince: at(19) })],
      null,
    ],
    ['is nobody without an address', [aDnsPod({ ip: null })], null],
  ])('%s', (_what, pods, expected) => {
    expect(whom(pods)).toBe(expected);
  });

  it('is not one that does not answer; where pods loop without crashing, only one that is known to', () => {
    const pod = (answers: boolean | null) => [aDnsPod({ answers })];
    expect([true, null, false].map((answers) => whom(pod(answers)))).toEqual(['pod-well', 'pod-well', null]);
    expect([true, null, false].map((answers) => whom(pod(answers), 'Drift'))).toEqual([
      'pod-well',
      'pod-well',
      null,
    ]);
    expect([true, null, false].map((answers) => whom(pod(answers), 'LateLoop'))).toEqual([
      'pod-well',
      null,
      null,
    ]);
  });
});

const answer = (scope: 'Cluster' | 'External', protocol: 'udp' | 'tcp', ok: boolean): Answer => ({
  scope,
  protocol,
  name: 'x',
  result: ok ? 'NXDOMAIN' : 'SERVFAIL',
  ok,
  ms: 1,
});
const after = (...answers: readonly Answer[]) =>
  aStatus({ before: { pod: 'coredns-well', node: 'node-2', askedAt: isoAt(3), answers: [...answers] } });
const cutOff = after(answer('External', 'udp', false), answer('External', 'tcp', false));

describe('a failure that was there before the change', () => {
  it('is one of the external name over the same protocol', () => {
    expect(failedBefore(cutOff, answer('External', 'udp', false))).toBe(true);
    const tcpOnly = after(answer('External', 'udp', true), answer('External', 'tcp', false));
    expect(failedBefore(tcpOnly, answer('External', 'udp', false))).toBe(false);
    expect(failedBefore(tcpOnly, answer('External', 'tcp', false))).toBe(true);
  });

  it('is never one of the name of the cluster, nor one that nobody saw', () => {
    const broken = after(answer('Cluster', 'udp', false), answer('External', 'udp', false));
    expect(failedBefore(broken, answer('Cluster', 'udp', false))).toBe(false);
    expect(failedBefore(aStatus(), answer('External', 'udp', false))).toBe(false);
  });

  it('means that the upstream was silent if no protocol reached it', () => {
    expect(wasCutOffBefore(cutOff)).toBe(true);
    expect(wasCutOffBefore(after(answer('External', 'udp', false), answer('External', 'tcp', true)))).toBe(
      false,
    );
    expect(wasCutOffBefore(after(answer('Cluster', 'udp', false)))).toBe(false);
    expect(wasCutOffBefore(aStatus())).toBe(false);
  });
});
