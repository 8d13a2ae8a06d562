/** `make demo`: a real cluster, the main failure, and the operator's repair step by step. */
import { parseRemediation } from '../../src/observe/custom-resources.ts';
import { createTeller } from '../../src/plugin/incident/tell.ts';
import { breakNode } from '../cluster/break-node.ts';
import { BAD_RESOLV_CONF } from '../cluster/node/kubelet-files.ts';
import { Rig } from '../cluster/rig.ts';
import { until } from '../cluster/until.ts';
import { policyStatus, remediations, restoreCluster } from '../support/rig/cluster-state.ts';
import { applySamplePolicy, installOperator } from '../support/rig/installation.ts';
import { neverChecked } from '../support/rig/node-checks.ts';
import { commands, heading, out, quiet, table } from './terminal.ts';

const NODE = 'node-1';
/** A repair takes seconds; after this long the cluster itself is broken. */
const REPAIR_LIMIT_MS = 180_000;

async function demo(): Promise<void> {
  heading('Cluster: two nodes, each with its own systemd, containerd and kubelet');
  const rig = await Rig.up({ onProgress: quiet });

  heading('Operator: kubectl apply -k config/default');
  await installOperator(rig, quiet);
  await restoreCluster(rig);
  await neverChecked(rig);
  await applySamplePolicy(rig);
  // Not checked again for ten minutes: here the operator learns of the failure from the crash.
  await until(
    async () => ((await policyStatus(rig))?.nodes?.proven === rig.nodes.length ? true : undefined),
    {
      what: 'both nodes to be checked and found well',
      timeoutMs: 60_000,
    },
  );
  table((await rig.kubectl(['get', 'dnshealth'])).stdout);

  heading(`Failure: resolvConf on ${NODE} becomes ${BAD_RESOLV_CONF}, ${NODE} reboots`);
  const known = new Set((await remediations(rig)).map(({ metadata }) => metadata.name));
  quiet(`CoreDNS on ${NODE} will get 127.0.0.53, itself, as upstream and crash …`);
  await breakNode(rig, NODE, { wait: false });

  heading('Repair: seconds since CoreDNS crashed');
  const teller = createTeller(out);
  await until(
    async () => {
      const found = (await remediations(rig)).find(({ metadata }) => !known.has(metadata.name));
      if (!found) return undefined;
      const remediation = parseRemediation(found);
      teller.tell(remediation);
      return remediation.status.finishedAt === undefined ? undefined : true;
    },
    { what: 'the repair to end', timeoutMs: REPAIR_LIMIT_MS, everyMs: 50 },
  );

  heading('Result');
  // The new pod answers already, but its readiness probe runs only every ten seconds; and the policy counts the repair a
  // moment after its record has ended.
  await until(
    async () => {
      const { dnsPods, repaired = 0 } = (await policyStatus(rig)) ?? {};
      return dnsPods !== undefined && dnsPods.ready === dnsPods.total && repaired > 0 ? true : undefined;
    },
    { what: 'the new pod to be Ready and the repair to be counted', timeoutMs: 30_000 },
  );
  table((await rig.kubectl(['get', 'dnshealth'])).stdout);
  table((await rig.kubectl(['get', 'dnsrem'])).stdout);
  heading('Look around: the cluster keeps running');
  commands(NEXT);
  rig.api.close();
}

/** What each shows, and the command; a long one in two lines. */
const NEXT: Readonly<Record<string, readonly string[]>> = {
  'the whole record of the repair, with its events': ['npm run cluster -- kubectl describe dnsrem'],
  'nodes in quarantine, and by which remediation': [
    'npm run cluster -- kubectl get nodes -L dnshealth.io/quarantined-by',
  ],
  'all events of the operator': [
    'npm run cluster -- kubectl get events -A',
    '--field-selector reportingComponent=dnshealth.io/operator',
  ],
  'the log of both replicas': [
    'npm run cluster -- kubectl -n dnshealth-system logs --prefix --tail=-1',
    '-l app.kubernetes.io/name=dnshealth-operator',
  ],
  'which replica leads': ['npm run cluster -- kubectl -n dnshealth-system get lease'],
  'the report of the agent that ran on the node': [
    'npm run cluster -- kubectl -n dnshealth-node logs -l dnshealth.io/role=repair',
  ],
  'the same failure on the other node': ['npm run cluster -- break node-2'],
  'control plane, nodes with their resolvConf, CoreDNS pods': ['npm run cluster -- status'],
  'remove the cluster': ['npm run cluster -- down'],
};

try {
  await demo();
} catch (error) {
  process.stderr.write(`\nthe demo failed: ${error instanceof Error ? error.message : String(error)}\n`);
  // Not exitCode: another build may still be running, and its end would not help.
  process.exit(1);
}
