/** Most faults show when CoreDNS next gets a new pod: the resolv.conf of a pod stays as it was when it was made. */
import { renewDnsPods } from '../dns/coredns-workload.ts';
import { containerIds, waitForCrash } from '../dns/dns-deaths.ts';
import type { Rig } from '../rig.ts';

export const LOOP = /^\[FATAL\] plugin\/loop: /;

/** Replaces the CoreDNS pods of the node; returns that line of the first new container that crashes with it. */
export async function crashWithNewPods(rig: Rig, node: string, line: RegExp = LOOP): Promise<string> {
  const known = containerIds(await rig.dnsPods(node));
  await renewDnsPods(rig, node);
  const what = `CoreDNS on ${node} to crash with ${line.source}`;
  return (await waitForCrash(rig, { what, pods: () => rig.dnsPods(node), line, known })).line;
}
