import { expect, it } from 'vitest';
import { isoAt } from '../../../test/support/objects/builders.ts';
import { createPolicyFollower } from './follow-policies.ts';

const lines: string[] = [];
const follower = createPolicyFollower({ line: (text = '') => void lines.push(text) });
const see = (type: string, status: 'True' | 'False', message: string) => {
  lines.length = 0;
  const condition = { type, status, reason: 'X', message, lastTransitionTime: isoAt(0) };
  follower.see({ name: 'coredns', status: { conditions: [condition] } });
  return [...lines];
};

it('a watch says when repairs are paused, for another reason, and no more, and not what was so before it', () => {
  expect(see('Paused', 'True', 'By anna.')).toEqual([]);
  follower.fromNowOn();
  expect(see('Paused', 'True', 'By anna.')).toEqual([]);
  expect(see('Paused', 'True', 'By anna and bob.')).toEqual([
    '            coredns  Paused: True. By anna and bob.',
  ]);
  expect(see('Paused', 'False', 'Nobody has.')).toEqual(['            coredns  Paused: False. Nobody has.']);
  expect(see('Paused', 'False', 'Nobody has paused.')).toEqual([]);
  expect(see('BreakerOpen', 'True', 'One failed.')).toEqual([
    '            coredns  BreakerOpen: True. One failed.',
  ]);
  expect(see('Progressing', 'True', 'It works.')).toEqual([]);
});
