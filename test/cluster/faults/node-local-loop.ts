/** Node-local DNS whose node lists it as a server: resolved is told to ask it, and its uplink file says so. */
import { restoreDns } from '../dns/coredns-workload.ts';
import { waitForCrash } from '../dns/dns-deaths.ts';
import {
  installNodeLocalDns,
  NODE_LOCAL_ADDRESS,
  nodeLocalPods,
  removeNodeLocalDns,
} from '../dns/node-local-dns.ts';
import { LOOP } from './crash-with-new-pods.ts';
import type { Fault } from './fault.ts';
import { restoreResolvedServers, useResolvedServers } from './resolved-servers.ts';

export const NODE_LOCAL_LOOP: Fault = {
  what: `node-local DNS (${NODE_LOCAL_ADDRESS}) forwards to the servers of a node that lists node-local DNS itself`,
  async break(rig, node) {
    // As kubespray does it, in resolved.conf.
    await useResolvedServers(rig, node, [NODE_LOCAL_ADDRESS]);
    await installNodeLocalDns(rig);
    const what = `node-local DNS on ${node} to crash`;
    return (await waitForCrash(rig, { what, pods: () => nodeLocalPods(rig, node), line: LOOP })).line;
  },
  async heal(rig, node) {
    await removeNodeLocalDns(rig);
    await restoreResolvedServers(rig, node);
    await restoreDns(rig);
  },
};
