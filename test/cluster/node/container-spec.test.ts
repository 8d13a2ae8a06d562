import { expect, test } from 'vitest';
import { addressPlan } from '../address-plan.ts';
import { rigPaths } from '../rig-paths.ts';
import { capabilityNames, containerSpec } from './container-spec.ts';

test('reads the capability mask of the kernel bit by bit', () => {
  expect(capabilityNames(0n)).toEqual([]);
  expect(capabilityNames(0b101n)).toEqual(['CAP_CHOWN', 'CAP_DAC_READ_SEARCH']);
  expect(capabilityNames(1n << 24n)).toEqual(['CAP_SYS_RESOURCE']);
  expect(capabilityNames((1n << 41n) - 1n)).toHaveLength(41);
});

test('gives a node the capabilities of the machine, except for clock, modules and ports', () => {
  const [node] = addressPlan(0).nodes;
  if (!node) throw new Error('no node');
  const spec = containerSpec({
    node,
    paths: rigPaths('a', '/state').node(node.name),
    bin: '/bin',
    capabilities: capabilityNames((1n << 41n) - 1n),
  }) as { process: { capabilities: { bounding: string[] } }; linux: { cgroupsPath: string } };
  const { bounding } = spec.process.capabilities;
  expect(bounding).toContain('CAP_SYS_ADMIN');
  expect(bounding).not.toContain('CAP_SYS_TIME');
  expect(bounding).not.toContain('CAP_SYS_MODULE');
  expect(spec.linux.cgroupsPath).toBe('/dnshealth-rig/a/node-1');
});
