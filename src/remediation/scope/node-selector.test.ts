import { describe, expect, it } from 'vitest';
import { nodeSelectorSchema } from '../../api/policy/scope.ts';
import { sameLabels, selectsNode } from './node-selector.ts';

const labels = { pool: 'edge', 'example.com/gpu': '' };

describe('a node selector', () => {
  it('that is absent or empty selects every node, also one of which nothing is known', () => {
    for (const selector of [undefined, {}, { matchLabels: {} }, { matchExpressions: [] }]) {
      expect(selectsNode(selector, labels)).toBe(true);
      expect(selectsNode(selector, null)).toBe(true);
    }
  });

  it.each([
    ['matchLabels with the value', { matchLabels: { pool: 'edge' } }, true],
    ['matchLabels with another value', { matchLabels: { pool: 'core' } }, false],
    ['matchLabels with the empty value', { matchLabels: { 'example.com/gpu': '' } }, true],
    ['matchLabels of a label that the node does not have', { matchLabels: { zone: '' } }, false],
    ['In with one of the values', { matchExpressions: [one('pool', 'In', 'core', 'edge')] }, true],
    ['In without the value', { matchExpressions: [one('pool', 'In', 'core')] }, false],
    ['In of a missing label', { matchExpressions: [one('zone', 'In', 'a')] }, false],
    ['NotIn with the value', { matchExpressions: [one('pool', 'NotIn', 'edge')] }, false],
    ['NotIn of a missing label, as in Kubernetes', { matchExpressions: [one('zone', 'NotIn', 'a')] }, true],
    ['Exists of a label without a value', { matchExpressions: [one('example.com/gpu', 'Exists')] }, true],
    ['Exists of a missing label', { matchExpressions: [one('zone', 'Exists')] }, false],
    ['DoesNotExist of a missing label', { matchExpressions: [one('zone', 'DoesNotExist')] }, true],
    [
      'DoesNotExist of a label without a value',
      { matchExpressions: [one('example.com/gpu', 'DoesNotExist')] },
      false,
    ],
    [
      'all of its requirements together',
      { matchLabels: { pool: 'edge' }, matchExpressions: [one('zone', 'Exists')] },
      false,
    ],
  ])('selects by %s', (_by, selector, selected) => {
    expect(selectsNode(nodeSelectorSchema.parse(selector), labels)).toBe(selected);
  });

  it('that asks for anything does not select a node of which nothing is known', () => {
    expect(selectsNode({ matchLabels: { pool: 'edge' } }, null)).toBe(false);
    expect(selectsNode({ matchExpressions: [{ key: 'zone', operator: 'DoesNotExist' }] }, null)).toBe(false);
  });

  it('that the API server would refuse is refused offline too', () => {
    for (const bad of [one('pool', 'In'), one('pool', 'Exists', 'edge'), one('pool', 'DoesNotExist', 'x')])
      expect(nodeSelectorSchema.safeParse({ matchExpressions: [bad] }).error?.message).toContain(
        'values must be set for In and NotIn, and unset for Exists and DoesNotExist',
      );
    expect(nodeSelectorSchema.safeParse({ matchLabels: { 'not a key': 'x' } }).success).toBe(false);
    expect(nodeSelectorSchema.safeParse({ matchLabels: { pool: '-x' } }).success).toBe(false);
  });
});

it('labels are the same whatever their order, and not if one was added, removed or changed', () => {
  expect(sameLabels({ a: '1', b: '2' }, { b: '2', a: '1' })).toBe(true);
  expect(sameLabels({ a: '1' }, { a: '1', b: '2' })).toBe(false);
  expect(sameLabels({ a: '1', b: '2' }, { a: '1' })).toBe(false);
  expect(sameLabels({ a: '1' }, { a: '2' })).toBe(false);
});

function one(key: string, operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist', ...values: string[]) {
  return { key, operator, ...(values.length > 0 && { values }) };
}
