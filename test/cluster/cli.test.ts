import { expect, test } from 'vitest';
import { parseCall } from './cli.ts';

test('uses the default rig when none is named', () => {
  expect(parseCall(['up'])).toEqual({
    name: 'dnshealth',
    noWait: false,
    ipFamily: 'ipv4',
    kubernetes: undefined,
    fault: 'stub',
    command: 'up',
    rest: [],
  });
});

test('accepts our options before and after our own commands', () => {
  const call = { name: 'x', noWait: true, command: 'break', rest: ['node-1'] };
  expect(parseCall(['--name', 'x', 'break', 'node-1', '--no-wait'])).toMatchObject(call);
});

test("passes kubectl's own options on to kubectl", () => {
  const call = parseCall(['--name', 'x', 'kubectl', 'get', 'pods', '-A', '--name', 'y']);
  expect(call).toMatchObject({ name: 'x', command: 'kubectl', rest: ['get', 'pods', '-A', '--name', 'y'] });
});

test('takes the IP family of a new rig', () => {
  expect(parseCall(['up', '--ip-family', 'dual'])).toMatchObject({ command: 'up', ipFamily: 'dual' });
  expect(() => parseCall(['up', '--ip-family', 'ipv5'])).toThrow('must be ipv4, ipv6, dual, got ipv5');
});

test('takes the Kubernetes version of a new rig', () => {
  expect(parseCall(['up', '--kubernetes', '1.37'])).toMatchObject({ command: 'up', kubernetes: '1.37' });
  expect(() => parseCall(['up', '--kubernetes', '1.12'])).toThrow('no Kubernetes 1.12: ');
});

test('takes the fault to cause', () => {
  expect(parseCall(['break', 'node-1', '--as', 'no-uplink'])).toMatchObject({ fault: 'no-uplink' });
  expect(() => parseCall(['break', 'node-1', '--as', 'gremlins'])).toThrow('no fault gremlins, only stub, ');
});

test('rejects an unknown option', () => {
  expect(() => parseCall(['up', '--frobnicate'])).toThrow('--frobnicate');
});
