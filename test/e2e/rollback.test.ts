/** A repair that a person takes back with the plugin: the old bytes, one restart of a real kubelet, and a node that is left alone. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXCLUDE_LABEL, EXCLUDE_REASON_ANNOTATION } from '../../src/api/keys.ts';
import type { RemediationStatus } from '../../src/api/remediation.ts';
import { breakNode } from '../cluster/break-node.ts';
import { KUBELET_CONFIG } from '../cluster/node/kubelet-files.ts';
import { until } from '../cluster/until.ts';
import {
  nodeObject,
  type RemediationObject,
  remediations,
  restoreCluster,
  scheduling,
  untilEnded,
  untilRemediation,
} from '../support/rig/cluster-state.ts';
import { rigOfThisWorker } from '../support/rig/e2e-rig.ts';
import { applyPolicy } from '../support/rig/installation.ts';
import { kubeletStarts } from '../support/rig/kubelet.ts';
import { inNode } from '../support/rig/node-files.ts';
import { startPlugin } from '../support/rig/plugin.ts';

type Ended = RemediationObject & { readonly status: RemediationStatus };

const rig = rigOfThisWorker();
const NODE = 'node-1';
let broken: string;
let repaired: string;
let repair: Ended;

const podsOfNode = async () => (await rig.dnsPods(NODE)).map(({ metadata }) => metadata.uid);
const FREE = { unschedulable: false, taints: [] };

async function removeLabel(): Promise<void> {
  await rig.kubectl(['label', 'node', NODE, `${EXCLUDE_LABEL}-`]);
  await rig.kubectl(['annotate', 'node', NODE, `${EXCLUDE_REASON_ANNOTATION}-`]);
}

beforeAll(async () => {
  await removeLabel();
  await restoreCluster(rig);
  await breakNode(rig, NODE);
  broken = await rig.readFile(NODE, KUBELET_CONFIG);
  await applyPolicy(rig, {});
  repair = await untilEnded(rig, NODE);
  repaired = await rig.readFile(NODE, KUBELET_CONFIG);
});
afterAll(async () => {
  await removeLabel();
  await restoreCluster(rig);
});

/** As a person does, who follows it to its end. */
async function rollBack(reason: string): Promise<{ readonly code: number | null; readonly record: Ended }> {
  const args = ['rollback', repair.metadata.name, '--reason', reason, '--wait'];
  const { code } = await startPlugin(rig, args).ended;
  const { status, ...record } = await untilRemediation(
    rig,
    NODE,
    `that "${reason}" asked for, to be over`,
    (one) => one.spec.trigger === 'Rollback' && one.spec.rollback.reason === reason,
  );
  if (!status) throw new Error('the rollback has ended without a status');
  return { code, record: { ...record, status } };
}

describe('of a file that someone else has edited since the repair', () => {
  let edited: string;
  let starts: number;
  let answer: Awaited<ReturnType<typeof rollBack>>;

  beforeAll(async () => {
    edited = `${repaired}# A comment of someone else\n`;
    await rig.writeFile(NODE, KUBELET_CONFIG, edited, 0o600);
    ({ starts } = await kubeletStarts(rig, NODE));
    answer = await rollBack('the old resolver is wanted there');
  });
  afterAll(async () => {
    await rig.writeFile(NODE, KUBELET_CONFIG, repaired, 0o600);
    // A file that is newer than its kubelet may hold more than the kubelet runs with, and is not applied by a restart of ours.
    await rig.restartKubelet(NODE);
  });

  it('is refused, which the plugin says with its exit code', () => {
    expect(repair.status).toMatchObject({ phase: 'Healed', reason: 'Verified' });
    expect(answer.record.status).toMatchObject({ phase: 'Refused', reason: 'ChangedSince' });
    expect(answer.code).not.toBe(0);
  });

  it('changes neither the file nor the kubelet', async () => {
    expect(await rig.readFile(NODE, KUBELET_CONFIG)).toBe(edited);
    expect((await kubeletStarts(rig, NODE)).starts).toBe(starts);
  });

  it('leaves the node without the label, without the quarantine, and open to repairs', async () => {
    await until(async () => ((await scheduling(rig, NODE)).ours.length === 0 ? true : undefined), {
      what: 'the label to be taken away',
    });
    expect(await scheduling(rig, NODE)).toMatchObject(FREE);
  });
});

describe('of a file that is still as the repair wrote it', () => {
  const REASON = 'the team of this node owns that file';
  let starts: number;
  let pods: readonly string[];
  let answer: Awaited<ReturnType<typeof rollBack>>;

  beforeAll(async () => {
    ({ starts } = await kubeletStarts(rig, NODE));
    pods = await podsOfNode();
    answer = await rollBack(REASON);
  });

  it('ends as rolled back on request, which both records say', async () => {
    const { record, code } = answer;
    expect(record.status).toMatchObject({ phase: 'RolledBack', reason: 'RolledBackOnRequest' });
    expect(code).toBe(0);
    const named = await until(
      async () => {
        const all = await remediations(rig);
        return all.find(({ metadata }) => metadata.uid === repair.metadata.uid)?.status?.rolledBackBy;
      },
      { what: 'the repair to name its rollback' },
    );
    expect(named).toBe(record.metadata.name);
  });

  it('restores every byte of the file from before the repair, by one restart of a kubelet that runs', async () => {
    expect(broken).not.toBe(repaired);
    expect(await rig.readFile(NODE, KUBELET_CONFIG)).toBe(broken);
    expect((await kubeletStarts(rig, NODE)).starts - starts).toBe(1);
    expect(await inNode(rig, NODE, 'systemctl', 'is-active', 'kubelet.service')).toBe('active');
  });

  it('leaves the node free, with the label that keeps repairs off it and who asked for it, and why', async () => {
    const { labels, annotations } = (await nodeObject(rig, NODE)).metadata;
    expect(labels).toMatchObject({ [EXCLUDE_LABEL]: 'true' });
    expect(annotations?.[EXCLUDE_REASON_ANNOTATION]).toMatch(
      new RegExp(`^${answer.record.metadata.name}: .+ asked to undo ${repair.metadata.name}: ${REASON}$`),
    );
    expect(await scheduling(rig, NODE)).toEqual({
      ...FREE,
      ours: [EXCLUDE_LABEL, EXCLUDE_REASON_ANNOTATION],
    });
  });

  it('leaves the DNS pods alone, whose file is still right', async () => {
    expect(await podsOfNode()).toEqual(pods);
  });
});
