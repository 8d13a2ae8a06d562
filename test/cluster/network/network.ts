/** The rig's network: one namespace for the control plane, one per node, and a veth pair to the machine. */
import type { AddressPlan } from '../address-plan.ts';
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
  const { interfaceName, host, rig } = plan.hostLink;
  await ipBatch(
    [],
    [
      `link add ${interfaceName} type veth peer name machine netns ${control}`,
      `link set ${interfaceName} alias ${FAMILY}.${paths.name}`,
      `addr add ${host}/30 dev ${interfaceName}`,
      `link set ${interfaceName} up`,
      `route add ${plan.network} via ${rig}`,
    ],
  );
  await ipBatch(
    ['-n', control],
    [
      'link set lo up',
      `link add ${BRIDGE} type bridge`,
      `addr add ${plan.controlPlane}/${plan.nodePrefixLength} dev ${BRIDGE}`,
      `link set ${BRIDGE} up`,
      `addr add ${rig}/30 dev machine`,
      'link set machine up',
      ...plan.nodes.flatMap((node) => [
        `link add ${node.name} type veth peer name eth0 netns ${paths.node(node.name).netns}`,
        `link set ${node.name} master ${BRIDGE} up`,
        `route add ${node.podSubnet} via ${node.address}`,
      ]),
    ],
  );
  for (const node of plan.nodes) {
    await ipBatch(
      ['-n', paths.node(node.name).netns],
      [
        'link set lo up',
        `addr add ${node.address}/${plan.nodePrefixLength} dev eth0`,
        'link set eth0 up',
        `route add default via ${plan.controlPlane}`,
        ...plan.nodes
          .filter((other) => other !== node)
          .map((other) => `route add ${other.podSubnet} via ${other.address}`),
      ],
    );
  }
  for (const name of namespaces) {
    await run([...inNetns(name), 'sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward']);
  }
}

function ipBatch(options: readonly string[], commands: readonly string[]) {
  return run(['ip', ...options, '-batch', '-'], { input: `${commands.join('\n')}\n` });
}

interface Route {
  readonly dst: string;
}

/** Destinations of all routes of the machine: slots whose network is in use are skipped. */
export async function machineRoutes(): Promise<string[]> {
  const routes = JSON.parse(
    (await run(['ip', '-j', '-4', 'route', 'show', 'table', 'all'])).stdout,
  ) as Route[];
  return routes.map((route) => route.dst);
}

/**
 * Whether a route leads into the /16. A wider one, such as a company's 10.0.0.0/8, is ignored: our prefix is longer
 * and takes precedence, and a machine with such a route could not run a rig otherwise.
 */
export function usesNetwork(routes: readonly string[], network: string): boolean {
  const prefix = `${network.split('.').slice(0, 2).join('.')}.`;
  return routes.some((route) => route.startsWith(prefix) && Number(route.split('/')[1] ?? 32) >= 16);
}
