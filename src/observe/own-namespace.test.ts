import { expect, it } from 'vitest';
import { parseOwnNamespace } from './own-namespace.ts';

const withAnnotations = (annotations: Record<string, string>) =>
  parseOwnNamespace({ metadata: { name: 'dnshealth-system', annotations } }).pause;

it.each([
  [{ 'dnshealth.io/pause': 'incident 4711', 'dnshealth.io/pause-by': 'anna' }, 'incident 4711', 'anna'],
  [{ 'dnshealth.io/pause': 'incident 4711' }, 'incident 4711', 'someone'],
  [{ 'dnshealth.io/pause': '' }, 'no reason given', 'someone'],
])('the annotation pauses all policies, also without a text or a name: %j', (annotations, reason, by) => {
  expect(withAnnotations(annotations)).toEqual({ reason, by });
});

it('without that annotation nothing is paused', () => {
  expect(withAnnotations({ 'dnshealth.io/pause-by': 'anna' })).toBeNull();
  expect(parseOwnNamespace({ metadata: { name: 'dnshealth-system' } }).pause).toBeNull();
});
