/** `npm run bench:approval`: how soon a repair begins after a person has approved its plan; writes its section of docs/benchmarks.md. */
import { parseArgs } from 'node:util';
import { APPROVED_ANNOTATION, APPROVED_BY_ANNOTATION } from '../../src/api/keys.ts';
import { breakNode } from '../cluster/break-node.ts';
import { progressOn } from '../cluster/progress.ts';
import { Rig } from '../cluster/rig.ts';
import { restoreCluster, untilEnded, untilRemediation } from '../support/rig/cluster-state.ts';
import { applyPolicy, installOperator } from '../support/rig/installation.ts';
import { untilReadyAgain } from '../support/rig/kubelet.ts';
import { type ApprovalTimes, approvalReport } from './approval-report.ts';
import { writeSection } from './document.ts';

const { values } = parseArgs({ options: { runs: { type: 'string', default: '5' } } });
const runs = Number(values.runs);
const NODE = 'node-1';
const say = progressOn(process.stderr);

async function approvedRepair(rig: Rig): Promise<ApprovalTimes> {
  await restoreCluster(rig);
  await applyPolicy(rig, { mode: 'Approve' });
  const brokenAt = Date.now();
  await breakNode(rig, NODE);
  const { metadata, status: waiting } = await untilRemediation(
    rig,
    NODE,
    'to wait for an approval',
    ({ status }) => status?.phase === 'AwaitingApproval',
  );
  // Breaking the node has restarted its kubelet, and a repair waits for a node that is not Ready. Nobody approves that fast.
  await untilReadyAgain(rig, NODE, brokenAt);
  const who = (await rig.kubectl(['auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}'])).stdout;
  const answer = [`${APPROVED_ANNOTATION}=${waiting?.plan?.hash}`, `${APPROVED_BY_ANNOTATION}=${who}`];
  const approved = Date.now();
  await rig.kubectl(['annotate', 'dnsrem', metadata.name, ...answer]);
  const kubectl = (Date.now() - approved) / 1000;
  const { status } = await untilEnded(rig, NODE);
  if (status.phase !== 'Healed') throw new Error(`${status.phase}: ${status.message}`);
  const since = (text: string | undefined): number => (Date.parse(text ?? '') - approved) / 1000;
  const stepOf = (name: string) => status.steps.find((one) => one.name === name);
  return {
    kubectl,
    quarantined: since(stepOf('Quarantine')?.finishedAt),
    started: since(stepOf('Repair')?.startedAt),
    kubeletBack: since(status.repair?.times.restarted),
  };
}

const rig = await Rig.up({ name: 'bench', onProgress: say });
try {
  await installOperator(rig, say);
  const times: ApprovalTimes[] = [];
  for (let round = 1; round <= runs; round += 1) {
    times.push(await approvedRepair(rig));
    say(`round ${round} of ${runs}: quarantined after ${times.at(-1)?.quarantined.toFixed(2)} s`);
  }
  const text = approvalReport(times);
  writeSection('Approval', text);
  process.stdout.write(text);
} finally {
  await rig.down();
}
