/** The rig's network: one namespace for the control plane, one per node, and a veth pair to the machine. */
import { BlockList, isIP, isIPv6 } from 'node:net';
import type { AddressPlan, NetworkPlan } from '../address-plan.ts';
import { inNetns } from '../control-plane/component-process.ts';
import { FAMILY, type RigPaths } from '../rig-paths.ts';
import { run } from '../run.ts';

const BRIDGE = 'cluster';

/**
 * Nodes are connected to a bridge in the control plane's namespace, which routes between them, to their pods and to
 * the machine. The machine itself gets one interface and one route, but no address translation, forwarding or
 * firewall rule: the rig reaches nothing beyond the machine.
 */
export async function makeNetwork(paths: RigPaths, plan: AddressPlan): Promise<void> {
  const control = paths.controlPlaneNetns;
  const namespaces = [control, ...plan.nodes.map((node) => paths.node(node.name).netns)];
  await ipBatch(
    [],
    namespaces.map((name) => `netns add ${name}`),
  );
  const { interfaceName, networks } = plan;
  await ipBatch(
    [],
    [
      `link add ${interfaceName} type veth peer name machine netns ${control}`,
      `link set ${interfaceName} alias ${FAMILY}.${paths.name}`,
      ...networks.map(({ hostLink }) => addAddress(hostLink.host, hostLink.prefixLength, interfaceName)),
      `link set ${interfaceName} up`,
      ...networks.map(({ network, hostLink }) => `route add ${network} via ${hostLink.rig}`),
    ],
  );
  await ipBatch(
    ['-n', control],
    [
      'link set lo up',
      `link add ${BRIDGE} type bridge`,
      ...networks.map(({ controlPlane, nodePrefixLength }) =>
        addAddress(controlPlane, nodePrefixLength, BRIDGE),
      ),
      `link set ${BRIDGE} up`,
      ...networks.map(({ hostLink }) => addAddress(hostLink.rig, hostLink.prefixLength, 'machine')),
      'link set machine up',
      ...plan.nodes.flatMap(({ name }) => [
        `link add ${name} type veth peer name eth0 netns ${paths.node(name).netns}`,
        `link set ${name} master ${BRIDGE} up`,
      ]),
      ...networks.flatMap(({ nodes }) => nodes.map(routeToPods)),
    ],
  );
  for (const { name } of plan.nodes) {
    const ofNode = (network: NetworkPlan) => network.nodes.filter((node) => node.name === name);
    const ofOthers = (network: NetworkPlan) => network.nodes.filter((node) => node.name !== name);
    await ipBatch(
      ['-n', paths.node(name).netns],
      [
        'link set lo up',
        ...networks.flatMap((network) =>
          ofNode(network).map(({ address }) => addAddress(address, network.nodePrefixLength, 'eth0')),
        ),
        'link set eth0 up',
        ...networks.map(({ anywhere, controlPlane }) => `route add ${anywhere} via ${controlPlane}`),
        ...networks.flatMap((network) => ofOthers(network).map(routeToPods)),
      ],
    );
  }
  const forward = networks.map(({ family }) => `echo 1 > ${FORWARDING[family]}`).join(' && ');
  for (const name of namespaces) await run([...inNetns(name), 'sh', '-c', forward]);
}

const FORWARDING = {
  ipv4: '/proc/sys/net/ipv4/ip_forward',
  ipv6: '/proc/sys/net/ipv6/conf/all/forwarding',
};

/** Usable at once: there is nobody else in the rig's networks, so IPv6 need not look for the address's other owner. */
const addAddress = (address: string, prefixLength: number, device: string): string =>
  `addr add ${address}/${prefixLength} dev ${device}${isIPv6(address) ? ' nodad' : ''}`;

const routeToPods = ({ podSubnet, address }: NetworkPlan['nodes'][number]): string =>
  `route add ${podSubnet} via ${address}`;

function ipBatch(options: readonly string[], commands: readonly string[]) {
  return run(['ip', ...options, '-batch', '-'], { input: `${commands.join('\n')}\n` });
}

interface Route {
  readonly dst: string;
}

/** Destinations of all routes of the machine in these families: slots whose network is in use are skipped. */
export async function machineRoutes(families: readonly NetworkPlan['family'][]): Promise<string[]> {
  const listed = await Promise.all(
    families.map((family) =>
      run(['ip', '-j', family === 'ipv4' ? '-4' : '-6', 'route', 'show', 'table', 'all']),
    ),
  );
  return listed.flatMap(({ stdout }) => (JSON.parse(stdout) as Route[]).map((route) => route.dst));
}

/**
 * Whether a route leads into the network. A wider one, such as a company's 10.0.0.0/8, is ignored: our prefix is
 * longer and takes precedence, and a machine with such a route could not run a rig otherwise.
 */
export function usesNetwork(routes: readonly string[], { network, family }: NetworkPlan): boolean {
  const [address = '', length] = network.split('/');
  const inside = new BlockList();
  inside.addSubnet(address, Number(length), family);
  return routes.some((route) => {
    const [destination = '', width = Number.POSITIVE_INFINITY] = route.split('/');
    return (
      isIP(destination) > 0 &&
      inside.check(destination, familyOf(destination)) &&
      Number(width) >= Number(length)
    );
  });
}

const familyOf = (address: string) => (isIPv6(address) ? 'ipv6' : 'ipv4');
