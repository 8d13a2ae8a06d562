/**
 * The upstream resolver sends what it does not know back to the cluster: a forwarder outside of any node. It asks the
 * pod of this node through a host port. Through the Service, nothing crashes: the query would circle in the pods that
 * are ready, which the one that still probes is not.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { configurationFiles } from '../control-plane/components.ts';
import { changeDnsPods, restoreDns } from '../dns/coredns-workload.ts';
import { containerIds, waitForCrash } from '../dns/dns-deaths.ts';
import type { Rig } from '../rig.ts';
import { LOOP } from './crash-with-new-pods.ts';
import type { Fault } from './fault.ts';

const COREFILE = 'upstream.Corefile';
/** Not 53: it would also catch the node's own stub resolver. */
const HOST_PORT = 1053;

export const UPSTREAM_LOOP: Fault = {
  what: 'the upstream resolver forwards everything back to CoreDNS on this node',
  async break(rig, node) {
    const known = containerIds(await rig.dnsPods());
    await restartResolver(rig, loopingCorefile(rig, node));
    // The first port of the manifest is DNS over UDP.
    await changeDnsPods(rig, { '/containers/0/ports/0/hostPort': HOST_PORT });
    const what = `CoreDNS on ${node} to crash because its upstream forwards to it`;
    return (await waitForCrash(rig, { what, pods: () => rig.dnsPods(node), line: LOOP, known })).line;
  },
  async heal(rig) {
    await restartResolver(rig, configurationFiles(rig.paths, rig.plan)[COREFILE] ?? '');
    await restoreDns(rig);
  },
};

function loopingCorefile(rig: Rig, node: string): string {
  const servers = rig.plan.networks.map(({ controlPlane }) => controlPlane).join(' ');
  const target = rig.nodes.find(({ name }) => name === node)?.address;
  return `.:53 {\n    bind ${servers}\n    log\n    errors\n    forward . ${target}:${HOST_PORT}\n}\n`;
}

async function restartResolver(rig: Rig, corefile: string): Promise<void> {
  await writeFile(join(rig.paths.etc, COREFILE), corefile);
  if (rig.components().get('resolver') !== undefined) await rig.signalComponent('resolver', 'SIGTERM');
  rig.startComponent('resolver');
}
