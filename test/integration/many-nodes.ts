/** Many nodes whose DNS pods loop at once: plays the node's part of each repair as it begins, in whatever order they begin. */
import { setTimeout as sleep } from 'node:timers/promises';
import { HANG_MS } from '../support/patience.ts';
import type { HandDrivenCluster, Incident } from './hand-driven-cluster.ts';
import { ended, POD_IP } from './incident-stage.ts';

/** What the test decides of the repairs; they are numbered in the order in which they were seen to begin, from 0. */
export interface Script {
  /** Keeps the node's part of a repair from going on. @default none is kept */
  readonly isKept?: (number: number, repairs: readonly Incident[]) => boolean;
  /** What the agent reports in place of a success. @default nothing */
  readonly failureOf?: (number: number) => object | undefined;
}

export interface ManyNodes {
  readonly names: readonly string[];
  /** The repairs that have begun, as they were seen last, in the order in which they were seen to begin. */
  readonly repairs: readonly Incident[];
  /** Plays on until all incidents together fulfil the condition. */
  playUntil(wanted: (incidents: readonly Incident[]) => boolean, what: string): Promise<void>;
}

/** So that reading them does not take most of the time. */
const everyMs = (nodes: number): number => Math.max(50, nodes);
/** Requests of the test at the same time, while it sets up. */
const AT_ONCE = 20;

export async function startManyNodes(
  cluster: HandDrivenCluster,
  count: number,
  { isKept = () => false, failureOf = () => undefined }: Script = {},
): Promise<ManyNodes> {
  const names = Array.from({ length: count }, (_, index) => `node-${index + 1}`);
  await inBatches(names, async (name) => cluster.node(name));
  await inBatches(names, async (name) => cluster.loopingPod(`coredns-on-${name}`, name));

  const begun = new Map<string, Incident>();
  const playing = new Set<string>();
  let trouble: Error | undefined;

  async function play({ metadata, spec }: Incident, failure: object | undefined): Promise<void> {
    const node = spec.node.name;
    await cluster.agentReports(metadata.name, failure);
    if (failure !== undefined) return;
    await cluster.proofReports(metadata.name);
    await cluster.podEnds(`coredns-on-${node}`);
    await cluster.runningPod(`coredns-new-${node}`, node, POD_IP);
  }

  async function look(): Promise<readonly Incident[]> {
    const incidents = await cluster.incidents();
    for (const one of incidents)
      if (begun.has(one.metadata.name) || one.status.quarantine?.heldSince !== undefined)
        begun.set(one.metadata.name, one);
    const repairs = [...begun.values()];
    for (const [number, repair] of repairs.entries()) {
      if (playing.has(repair.metadata.name) || isKept(number, repairs)) continue;
      playing.add(repair.metadata.name);
      play(repair, failureOf(number)).catch((error: unknown) => {
        trouble ??= error instanceof Error ? error : new Error(String(error));
      });
    }
    return incidents;
  }

  return {
    names,
    get repairs() {
      return [...begun.values()];
    },
    async playUntil(wanted, what) {
      // For each repair that ends, because the number of nodes decides how long all of them take.
      let over = -1;
      let deadline = 0;
      for (;;) {
        const incidents = await look();
        if (trouble !== undefined) throw trouble;
        if (wanted(incidents)) return;
        const now = incidents.filter(ended).length;
        if (now !== over) deadline = performance.now() + HANG_MS;
        over = now;
        if (performance.now() > deadline)
          throw new Error(`waited for ${what}; ${over} ended, others: ${statesOf(incidents)}`);
        await sleep(everyMs(count));
      }
    },
  };
}

async function inBatches(names: readonly string[], create: (name: string) => Promise<void>): Promise<void> {
  for (let at = 0; at < names.length; at += AT_ONCE)
    await Promise.all(names.slice(at, at + AT_ONCE).map(create));
}

/** Such as "Pending OtherNodeUnderRepair: 37". */
function statesOf(incidents: readonly Incident[]): string {
  const counts = new Map<string, number>();
  for (const { status } of incidents.filter((one) => !ended(one))) {
    const state = `${status.phase} ${status.reason ?? ''}`.trim();
    counts.set(state, (counts.get(state) ?? 0) + 1);
  }
  return [...counts].map(([state, count]) => `${state}: ${count}`).join(', ');
}
