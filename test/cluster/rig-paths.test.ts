import { expect, test } from 'vitest';
import { rigPaths } from './rig-paths.ts';

test.each(['dnshealth', 'a', 'ci-42'])('%s is a name for a rig', (name) => {
  expect(rigPaths(name, '/state').dir).toBe(`/state/rigs/${name}`);
});

test.each(['', 'A', '1st', 'a.b', '../x', 'a/b', 'a-', 'x'.repeat(33)])('%j is none', (name) => {
  expect(() => rigPaths(name, '/state')).toThrow("a rig's name is");
});

test("no rig's namespaces carry another rig's prefix", () => {
  const long = rigPaths('a-node-1', '/state');
  expect(long.controlPlaneNetns.startsWith(rigPaths('a', '/state').netnsPrefix)).toBe(false);
});
