/** What every fault of the table provides. */
import type { Rig } from '../rig.ts';

export interface Fault {
  /** One line for the list of faults: what is wrong, and where. */
  readonly what: string;
  /**
   * Causes it on a healthy rig, and returns when it shows on this node: the line of a log, or what was answered.
   * A fault of the whole cluster shows on the other nodes, too.
   */
  break(rig: Rig, node: string): Promise<string>;
  /** Undoes it, even half of it. Returns when each node has a Ready CoreDNS pod. */
  heal(rig: Rig, node: string): Promise<void>;
}
