/** What an inspection has shown is on its node, once, and becomes an event and an incident where it should. */
import { beforeEach, expect, it } from 'vitest';
import { anInspectionPod } from '../../../test/support/objects/agent-jobs.ts';
import { at, isoAt } from '../../../test/support/objects/builders.ts';
import { aNodeRecord, aWatchedNode } from '../../../test/support/objects/node-records.ts';
import { aPolicy, storeOf } from '../../../test/support/objects/sighting-cluster.ts';
import type { ComparedFiles } from '../../api/agent-protocol.ts';
import { CHECK_ANNOTATION } from '../../api/keys.ts';
import { parseNodeCheckRecord } from '../../api/node-check-record.ts';
import type { AgentPod } from '../../observe/agent-run.ts';
import type { EventIntent } from '../../remediation/record/events.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { createMetrics } from '../../runtime/metrics.ts';
import { createKnownNodes } from '../nodes/known-nodes.ts';
import { createNodeMetrics } from '../nodes/node-metrics.ts';
import { createNodeRecords } from '../nodes/node-records.ts';
import { createNodeStateReconciler } from '../nodes/state-controller.ts';

type Options = Parameters<typeof createNodeStateReconciler>[0];

const FILE = '/etc/kubernetes/kubelet-config.yaml';
const reportOf = (compared: Partial<ComparedFiles>): string =>
  JSON.stringify({
    verb: 'inspect',
    nonce: 'nonce-1',
    outcome: 'would-change',
    reason: 'WouldChange',
    message: 'A repair would change it.',
    layout: 'kubespray',
    effective: { value: '/etc/resolv.conf', source: `${FILE}:4` },
    compared: {
      running: 'right',
      inFile: 'right',
      given: { path: '/etc/resolv.conf', class: 'ok', nameservers: ['192.0.2.53'] },
      changed: [FILE],
      ...compared,
    },
    times: {},
  });

function aStage() {
  const nodes = new Map([['node-1', aWatchedNode('node-1', aNodeRecord())]]);
  const stage = {
    now: at(100),
    pods: [] as AgentPod[],
    written: [] as { readonly text: string; readonly condition: Readonly<Record<string, string>> }[],
    announced: [] as EventIntent[],
    inspected: async (message: string | null) => {
      stage.pods = [
        anInspectionPod({ name: 'node-1', uid: 'uid-of-node-1' }, { createdAt: at(99), message }),
      ];
      return reconcile('node-1', new AbortController().signal);
    },
    files: () => parseNodeCheckRecord(stage.written.at(-1)?.text ?? '')?.files,
  };
  const reconcile = createNodeStateReconciler({
    kube: {
      raw: {
        request: async ({
          body,
        }: {
          readonly body: Record<'metadata' | 'status', Record<string, never>>;
        }) => {
          const text: string = body.metadata['annotations']?.[CHECK_ANNOTATION] ?? '';
          stage.written.push({ text, condition: body.status['conditions']?.[0] ?? {} });
          nodes.set('node-1', { ...aWatchedNode('node-1'), checks: text, resourceVersion: '2' });
          return { metadata: { resourceVersion: '2' } };
        },
      },
    } as unknown as Options['kube'],
    stores: {
      nodes: storeOf(nodes),
      policies: storeOf(new Map([['coredns', aPolicy()]])),
      remediations: storeOf(new Map()),
      agentPods: { ...storeOf(new Map()), list: () => stage.pods },
    },
    checkPods: { of: () => undefined } as unknown as Options['checkPods'],
    known: createKnownNodes(storeOf(nodes)),
    starts: { of: () => null },
    schedule: { get: () => undefined },
    records: createNodeRecords(storeOf(nodes)),
    narrator: { announce: (event) => void stage.announced.push(event) },
    nodeMetrics: createNodeMetrics(createMetrics()),
    logger: silentLogger,
    now: () => stage.now,
  });
  return stage;
}

let stage: ReturnType<typeof aStage>;
beforeEach(() => {
  stage = aStage();
});

it('a file that is wrong is said of a node that stays proven, and reported as an event, once', async () => {
  await stage.inspected(reportOf({ inFile: 'wrong' }));
  await stage.inspected(reportOf({ inFile: 'wrong' }));
  expect(stage.written).toHaveLength(1);
  expect(stage.files()).toMatchObject({ verdict: 'wrong-in-file', file: { path: FILE, line: 4 } });
  expect(stage.written[0]?.condition).toMatchObject({
    status: 'True',
    reason: 'Proven',
    message: expect.stringContaining(`${FILE}:4 sets resolvConf to /etc/resolv.conf`),
  });
  expect(stage.announced.map(({ type, reason }) => [type, reason])).toEqual([['Warning', 'PendingInFile']]);
});

it('a file that is right under a wrong kubelet is reported as not yet in effect', async () => {
  await stage.inspected(reportOf({ running: 'wrong' }));
  expect(stage.announced.map(({ reason }) => reason)).toEqual(['NotYetInEffect']);
});

it('files that are right are recorded without an event, although nothing else is said of the node', async () => {
  await stage.inspected(reportOf({}));
  expect(stage.files()).toMatchObject({ verdict: 'both-right', rightAt: isoAt(100) });
  expect(stage.announced).toEqual([]);
});

it('an inspection that left no report is recorded as unclear, and one that runs not at all', async () => {
  await stage.inspected(null);
  expect(stage.written).toEqual([]);
  await stage.inspected('');
  expect(stage.files()).toMatchObject({ verdict: 'unclear', message: 'It left no termination message.' });
  expect(stage.announced).toEqual([]);
});
