/**
 * A Corefile whose upstream is the cluster's own DNS Service. Nothing crashes: while the loop plugin probes, the Service
 * has no endpoint or leads to another pod, in which the probe circles.
 */
import { editCorefile, renewDnsPods, restoreDns } from '../dns/coredns-workload.ts';
import { refusalOfExternalName } from './external-name.ts';
import type { Fault } from './fault.ts';

export const COREFILE_FORWARDS_TO_SERVICE: Fault = {
  what: 'the Corefile forwards to the address of the Service kube-dns: no crash, no external name',
  async break(rig) {
    await editCorefile(rig, 'forward . /etc/resolv.conf', `forward . ${rig.clusterDns}`);
    for (const { name } of rig.nodes) await renewDnsPods(rig, name);
    return refusalOfExternalName(rig);
  },
  heal: restoreDns,
};
