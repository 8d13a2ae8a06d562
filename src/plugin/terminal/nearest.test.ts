import { expect, it } from 'vitest';
import { nearest } from './nearest.ts';

const PODS = ['coredns-69c67c75fc-csjf8', 'coredns-69c67c75fc-hfwxq', 'etcd-node-1'];

it.each<[string, string, readonly string[], readonly string[]]>([
  ['a typing error', 'node-11', ['node-1', 'worker-3'], ['node-1']],
  ['a part of the name', 'csjf8', PODS, [PODS[0] ?? '']],
  ['the pod that took its place', 'coredns-69c67c75fc-aaaaa', PODS, PODS.slice(0, 2)],
  ['a short name', 'a1', ['a2', 'b2'], ['a2']],
  ['nothing alike', 'frontend', PODS, []],
  ['no more than three', 'n', ['n1', 'n2', 'n3', 'n4'], ['n1', 'n2', 'n3']],
  ['one name only once', 'n', ['n1', 'n1'], ['n1']],
])('names that may be meant: %s', (_what, wanted, names, expected) => {
  expect(nearest(wanted, names)).toEqual(expected);
});
