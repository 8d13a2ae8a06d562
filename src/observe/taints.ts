/** Which taints of a node keep DNS pods off it. */
import * as z from 'zod';

export const taintSchema = z.object({ key: z.string(), effect: z.string() });
type Taint = z.infer<typeof taintSchema>;

/** Every CoreDNS manifest tolerates these. */
const TOLERATED: ReadonlySet<string> = new Set([
  'node-role.kubernetes.io/control-plane',
  'node-role.kubernetes.io/master',
]);
/**
 * Kubernetes sets these by the state of a node and takes them away as it passes: a node that has just joined has the first
 * for some seconds more than it is not Ready.
 * https://kubernetes.io/docs/reference/labels-annotations-taints/
 */
const PASSING: ReadonlySet<string> = new Set([
  'node.kubernetes.io/not-ready',
  'node.kubernetes.io/unreachable',
  'node.kubernetes.io/network-unavailable',
  'node.kubernetes.io/memory-pressure',
  'node.kubernetes.io/disk-pressure',
  'node.kubernetes.io/pid-pressure',
  'node.cloudprovider.kubernetes.io/uninitialized',
]);

/** The scheduler places no DNS pod there now. */
export const keepsDNSPodsOff = ({ key, effect }: Taint): boolean =>
  effect !== 'PreferNoSchedule' && !TOLERATED.has(key);

/** Nor later, unless someone removes it. */
export const keepsDNSPodsOffForGood = (taint: Taint): boolean =>
  keepsDNSPodsOff(taint) && !PASSING.has(taint.key);
