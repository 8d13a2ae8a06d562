import { BlockList, isIP, isIPv6 } from 'node:net';
import { describe, expect, it, test } from 'vitest';
import { addressPlan, IP_FAMILIES, type IpFamily, type NetworkPlan, SLOTS, urlHost } from './address-plan.ts';
import { usesNetwork } from './network/network.ts';

const slots = Array.from({ length: SLOTS }, (_, slot) => slot);

function subnet(cidr: string): BlockList {
  const [address = '', length] = cidr.split('/');
  const list = new BlockList();
  list.addSubnet(address, Number(length), isIPv6(address) ? 'ipv6' : 'ipv4');
  return list;
}

const contains = (cidr: string, address: string): boolean =>
  subnet(cidr).check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
const first = (cidr: string): string => cidr.split('/')[0] ?? '';

test('no two slots share a network, in either family', () => {
  const networks = slots.flatMap((slot) =>
    addressPlan(slot, 2, 'dual').networks.map(({ network }) => network),
  );
  expect(new Set(networks).size).toBe(2 * SLOTS);
});

describe.each(IP_FAMILIES)('the addresses of a rig with %s', (ipFamily: IpFamily) => {
  const plans = slots.map((slot) => addressPlan(slot, 5, ipFamily));

  it('are valid, different and inside the network of their family', () => {
    for (const network of plans.flatMap((plan) => plan.networks)) {
      const { controlPlane, kubernetesService, clusterDns, hostLink, nodes } = network;
      const nodeAddresses = nodes.map(({ address }) => address);
      const own = [
        controlPlane,
        kubernetesService,
        clusterDns,
        hostLink.host,
        hostLink.rig,
        ...nodeAddresses,
      ];
      for (const address of own) {
        expect([address, isIP(address)]).toEqual([address, network.family === 'ipv6' ? 6 : 4]);
        expect([address, contains(network.network, address)]).toEqual([address, true]);
      }
      expect(new Set(own).size).toBe(own.length);
      for (const address of nodeAddresses)
        expect(contains(`${controlPlane}/${network.nodePrefixLength}`, address)).toBe(true);
      expect(contains(network.serviceNetwork, kubernetesService)).toBe(true);
      expect(contains(network.serviceNetwork, clusterDns)).toBe(true);
    }
  });

  it('of pods, Services, nodes and the link to the machine do not overlap', () => {
    for (const network of plans.flatMap((plan) => plan.networks)) {
      const { podNetwork, serviceNetwork, controlPlane, nodePrefixLength, hostLink, nodes } = network;
      const parts = [
        podNetwork,
        serviceNetwork,
        `${controlPlane}/${nodePrefixLength}`,
        `${hostLink.host}/${hostLink.prefixLength}`,
      ];
      for (const part of parts)
        for (const other of parts)
          expect([part, other, contains(part, first(other))]).toEqual([part, other, part === other]);
      for (const { podSubnet } of nodes) expect(contains(podNetwork, first(podSubnet))).toBe(true);
      expect(new Set(nodes.map(({ podSubnet }) => podSubnet)).size).toBe(nodes.length);
    }
  });

  it('give each node one address and one pod subnet per family, the primary one first', () => {
    for (const plan of plans)
      for (const node of plan.nodes) {
        expect(node.addresses.map((address) => (isIPv6(address) ? 'ipv6' : 'ipv4'))).toEqual(
          plan.networks.map(({ family }) => family),
        );
        expect(node.podSubnets).toHaveLength(plan.networks.length);
        expect(node.address).toBe(node.addresses[0]);
      }
  });

  it('have an interface name that Linux accepts', () => {
    for (const { interfaceName } of plans) expect(interfaceName.length).toBeLessThan(16);
  });
});

test('a rig has IPv4 unless told otherwise; with both families, IPv4 is the primary one', () => {
  expect(addressPlan(3).networks.map(({ family }) => family)).toEqual(['ipv4']);
  expect(addressPlan(3, 2, 'ipv6').networks.map(({ family }) => family)).toEqual(['ipv6']);
  expect(addressPlan(3, 2, 'dual').networks.map(({ family }) => family)).toEqual(['ipv4', 'ipv6']);
});

test('a slot that does not exist is rejected', () => {
  expect(() => addressPlan(-1)).toThrow('slot must be 0 to 39, got -1');
  expect(() => addressPlan(SLOTS)).toThrow('slot must be 0 to 39, got 40');
});

test('an IPv6 address is put in brackets in a URL', () => {
  expect(urlHost('fd64:6e73:d2::1')).toBe('[fd64:6e73:d2::1]');
  expect(urlHost('10.210.0.1')).toBe('10.210.0.1');
});

const [ipv4, ipv6] = addressPlan(1, 2, 'dual').networks as [NetworkPlan, NetworkPlan];

test.each([
  ['10.211.0.0/16', true],
  ['10.211.3.0/24', true],
  ['10.211.3.7', true],
  ['10.210.0.0/16', false],
  ['10.210.0.0/15', false],
  ['10.0.0.0/8', false],
  ['fd64:6e73:d3::/48', false],
  ['default', false],
])('whether a route to %s uses 10.211.0.0/16: %s', (route, taken) => {
  expect(ipv4.network).toBe('10.211.0.0/16');
  expect(usesNetwork([route], ipv4)).toBe(taken);
});

test.each([
  ['fd64:6e73:d3::/48', true],
  ['fd64:6e73:d3:ff::/64', true],
  ['fd64:6e73:d3::1', true],
  ['fd64:6e73:d2::/48', false],
  ['fd64:6e73::/32', false],
  ['10.211.0.0/16', false],
  ['default', false],
])('whether a route to %s uses fd64:6e73:d3::/48: %s', (route, taken) => {
  expect(ipv6.network).toBe('fd64:6e73:d3::/48');
  expect(usesNetwork([route], ipv6)).toBe(taken);
});
