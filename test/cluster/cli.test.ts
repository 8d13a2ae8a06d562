import { expect, test } from 'vitest';
import { parseCall } from './cli.ts';

test('the default rig is meant when none is named', () => {
  expect(parseCall(['up'])).toEqual({ name: 'dnshealth', noWait: false, command: 'up', rest: [] });
});

test('options may stand before or after a command of ours', () => {
  const call = { name: 'x', noWait: true, command: 'break', rest: ['node-1'] };
  expect(parseCall(['--name', 'x', 'break', 'node-1', '--no-wait'])).toEqual(call);
});

test("kubectl's own options reach kubectl", () => {
  const call = parseCall(['--name', 'x', 'kubectl', 'get', 'pods', '-A', '--name', 'y']);
  expect(call).toMatchObject({ name: 'x', command: 'kubectl', rest: ['get', 'pods', '-A', '--name', 'y'] });
});

test('an unknown option is refused', () => {
  expect(() => parseCall(['up', '--frobnicate'])).toThrow('--frobnicate');
});
