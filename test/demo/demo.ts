/** `make demo`: a real cluster, the article's failure, and the operator's repair told as it happens. */
import { breakNode } from '../cluster/break-node.ts';
import { Rig } from '../cluster/rig.ts';
import { until } from '../cluster/until.ts';
import { policyStatus, remediations, restoreCluster } from '../support/rig/cluster-state.ts';
import { applySamplePolicy, installOperator } from '../support/rig/installation.ts';
import { createStoryteller } from './story.ts';
import { heading, line, quiet, table } from './terminal.ts';

const NODE = 'node-1';
/** The operator is seconds away from the end; a cluster that shows nothing for this long is broken itself. */
const STORY_LIMIT_MS = 180_000;

async function demo(): Promise<void> {
  heading('A cluster of two nodes, each with its own systemd, containerd and kubelet');
  const rig = await Rig.up({ onProgress: quiet });

  heading('The operator, installed with kubectl apply -k config/default');
  await installOperator(rig, quiet);
  await restoreCluster(rig);
  await applySamplePolicy(rig);
  table((await rig.kubectl(['get', 'dnshealth'])).stdout);

  heading(`The failure: resolvConf on ${NODE} is /etc/resolv.conf, then the node reboots`);
  const known = new Set((await remediations(rig)).map(({ metadata }) => metadata.name));
  line(
    '',
    `the kubelet configuration of ${NODE} is changed, the node reboots; its CoreDNS pod starts in a new sandbox …`,
  );
  await breakNode(rig, NODE, { wait: false });

  heading('The repair, as it happens; seconds since the container died');
  const storyteller = createStoryteller(line);
  await until(
    async () => {
      const incident = (await remediations(rig)).find(({ metadata }) => !known.has(metadata.name));
      return incident && storyteller.tell(incident) ? true : undefined;
    },
    { what: 'the incident to end', timeoutMs: STORY_LIMIT_MS, everyMs: 50 },
  );

  heading('What is left to see');
  // The new pod answers already; what the table counts is its readiness probe, which comes every ten seconds.
  await until(
    async () => {
      const dnsPods = (await policyStatus(rig))?.dnsPods;
      return dnsPods !== undefined && dnsPods.ready === dnsPods.total ? true : undefined;
    },
    { what: 'the new pod to be counted as ready', timeoutMs: 30_000 },
  );
  table((await rig.kubectl(['get', 'dnshealth'])).stdout);
  table((await rig.kubectl(['get', 'dnsrem'])).stdout);
  heading('Look around; the cluster goes on running');
  for (const [command, what] of [
    ['npm run cluster -- kubectl describe dnsrem', 'the whole record of the incident'],
    [
      'npm run cluster -- kubectl get events -A --field-selector reportingComponent=dnshealth.io/operator',
      'the story in events',
    ],
    ['npm run cluster -- kubectl -n dnshealth-system get lease', 'which of the two replicas leads'],
    [
      'npm run cluster -- kubectl -n dnshealth-system logs -l app.kubernetes.io/name=dnshealth-operator',
      'the operator’s log',
    ],
    [
      'npm run cluster -- kubectl -n dnshealth-node logs -l dnshealth.io/role=repair',
      'what the agent did on the node',
    ],
    ['npm run cluster -- break node-2', 'once more, on the other node'],
    ['npm run cluster -- status', 'nodes, values, pods'],
    ['npm run cluster -- down', 'take it all away'],
  ] as const)
    line('', `${command.padEnd(96)} ${what}`);
  rig.api.close();
}

try {
  await demo();
} catch (error) {
  process.stderr.write(`\nthe demo stopped: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
