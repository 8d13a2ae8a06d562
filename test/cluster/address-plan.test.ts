import { isIPv4 } from 'node:net';
import { expect, test } from 'vitest';
import { addressPlan, SLOTS } from './address-plan.ts';
import { usesNetwork } from './network/network.ts';

test('no two slots share a network', () => {
  const networks = Array.from({ length: SLOTS }, (_, slot) => addressPlan(slot).network);
  expect(new Set(networks).size).toBe(SLOTS);
});

test('every address of a slot is valid and inside its network', () => {
  for (let slot = 0; slot < SLOTS; slot++) {
    const plan = addressPlan(slot, 5);
    const addresses = [
      plan.controlPlane,
      plan.kubernetesService,
      plan.clusterDns,
      plan.hostLink.host,
      plan.hostLink.rig,
      ...plan.nodes.flatMap((node) => [node.address, node.podSubnet.replace('/24', '')]),
    ];
    const prefix = plan.network.replace(/0\.0\/16$/, '');
    for (const address of addresses) {
      expect(isIPv4(address)).toBe(true);
      expect(address.startsWith(prefix)).toBe(true);
    }
    expect(new Set(addresses).size).toBe(addresses.length);
    expect(plan.hostLink.interfaceName.length).toBeLessThan(16);
  }
});

test('a slot that does not exist is rejected', () => {
  expect(() => addressPlan(-1)).toThrow('slot must be 0 to 39, got -1');
  expect(() => addressPlan(SLOTS)).toThrow('slot must be 0 to 39, got 40');
});

test.each([
  ['10.211.0.0/16', true],
  ['10.211.3.0/24', true],
  ['10.211.3.7', true],
  ['10.210.0.0/16', false],
  ['10.0.0.0/8', false],
  ['default', false],
])('whether a route to %s uses 10.211.0.0/16: %s', (route, taken) => {
  expect(usesNetwork([route], '10.211.0.0/16')).toBe(taken);
});
