import { expect, test } from 'vitest';
import { rigPaths } from './rig-paths.ts';

test.each(['dnshealth', 'a', 'ci-42'])('%s is a valid name for a rig', (name) => {
  expect(rigPaths(name, '/state').dir).toBe(`/state/rigs/${name}`);
});

test.each(['', 'A', '1st', 'a.b', '../x', 'a/b', 'a-', 'x'.repeat(33)])('%j is not a valid name', (name) => {
  expect(() => rigPaths(name, '/state')).toThrow('invalid rig name');
});

test("the prefix of a rig's namespaces does not match those of another rig", () => {
  const long = rigPaths('a-node-1', '/state');
  expect(long.controlPlaneNetns.startsWith(rigPaths('a', '/state').netnsPrefix)).toBe(false);
});
