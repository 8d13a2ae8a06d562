/** CoreDNS in the network of its node, with the address of that node as its upstream. */
import { changeDnsPods, editCorefile, restoreDns } from '../dns/coredns-workload.ts';
import { containerIds, waitForCrash } from '../dns/dns-deaths.ts';
import { LOOP } from './crash-with-new-pods.ts';
import type { Fault } from './fault.ts';

export const HOST_NETWORK: Fault = {
  what: 'CoreDNS runs with hostNetwork and forwards to the address of this node',
  async break(rig, node) {
    const known = containerIds(await rig.dnsPods());
    const address = rig.nodes.find(({ name }) => name === node)?.address ?? '';
    // Not to all addresses: resolved has port 53 of 127.0.0.53.
    await editCorefile(rig, '.:53 {', '.:53 {\n    bind eth0');
    await editCorefile(rig, 'forward . /etc/resolv.conf', `forward . ${address}`);
    await changeDnsPods(rig, { '/hostNetwork': true });
    const what = `CoreDNS in the network of ${node} to crash`;
    return (await waitForCrash(rig, { what, pods: () => rig.dnsPods(node), line: LOOP, known })).line;
  },
  heal: restoreDns,
};
