/** Policy, record, node or the whole installation deleted in the middle of an incident, with real kubelets and a real garbage collector. */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { CHECK_ANNOTATION } from '../../../src/api/keys.ts';
import { corefile, setCorefile } from '../../cluster/dns/coredns-workload.ts';
import { BAD_RESOLV_CONF, GOOD_RESOLV_CONF, KUBELET_CONFIG } from '../../cluster/node/kubelet-files.ts';
import { until } from '../../cluster/until.ts';
import {
  nodeObject,
  type RemediationObject,
  remediations,
  restoreCluster,
  scheduling,
  untilRemediation,
} from '../../support/rig/cluster-state.ts';
import { rigOfThisWorker } from '../../support/rig/e2e-rig.ts';
import {
  installFrailKubelet,
  journaledStep,
  removeFrailKubelet,
  setFrailty,
  untilStep,
} from '../../support/rig/frail-kubelet.ts';
import { applyPolicy, editPolicy, installImage, PROJECT_ROOT } from '../../support/rig/installation.ts';
import { allowJobs, forbidJobs } from '../../support/rig/no-jobs.ts';
import { nodeCondition } from '../../support/rig/node-checks.ts';
import { inNode, loopInPlace } from '../../support/rig/node-files.ts';
import { startPlugin } from '../../support/rig/plugin.ts';

const rig = rigOfThisWorker();
const NODE = 'node-1';
const FREE = { unschedulable: false, taints: [], ours: [] };
const CORDONED = { ...FREE, unschedulable: true };
const PAUSE = [{ reason: 'until this test has looked', by: 'a test' }];

/**
 * A node whose DNS pod loops, and whose kubelet will not serve with the repaired value before the test lets it.
 *
 * @returns its kubelet configuration
 */
async function brokenNode(): Promise<string> {
  await restoreCluster(rig);
  await setFrailty(rig, NODE, 'waits');
  await loopInPlace(rig, NODE);
  return rig.readFile(NODE, KUBELET_CONFIG);
}

/** The record of a repair whose agent has stopped the kubelet, has written the file, and waits for the new kubelet. */
async function inTheMiddle(): Promise<RemediationObject> {
  await untilStep(rig, NODE, 'restarting');
  return untilRemediation(rig, NODE, 'to be under repair', ({ status }) => status?.phase === 'Repairing');
}

const letKubeletServe = async (): Promise<void> => setFrailty(rig, NODE, 'well');

/** How the node is scheduled once it carries nothing of ours. */
const onceReleased = async () =>
  until(
    async () => {
      const now = await scheduling(rig, NODE);
      return now.ours.length === 0 ? now : undefined;
    },
    { what: `${NODE} to be released` },
  );

/** Jobs and pods of the incident that exist. */
const workOf = async ({ metadata }: RemediationObject): Promise<readonly string[]> => {
  const selector = `dnshealth.io/remediation=${metadata.name}`;
  const { stdout } = await rig.kubectl(['get', 'jobs,pods', '-A', '-l', selector, '-o', 'name']);
  return stdout.split('\n').filter((line) => line !== '');
};

const untilNoWork = async (incident: RemediationObject): Promise<void> => {
  await until(
    async () => {
      const work = await workOf(incident);
      if (work.length > 0) throw new Error(work.join(', '));
      return true;
    },
    { what: `Jobs and pods of ${incident.metadata.name} to go` },
  );
};

/** Whether the file is as it was found or as repaired, and nothing in between, and its kubelet runs. */
const nodeNow = async (found: string) => {
  const now = await rig.readFile(NODE, KUBELET_CONFIG);
  const repaired = found.replace(BAD_RESOLV_CONF, GOOD_RESOLV_CONF);
  return {
    file: now === repaired ? 'repaired' : now === found ? 'as found' : now,
    kubelet: await inNode(rig, NODE, 'systemctl', 'is-active', 'kubelet.service'),
  };
};
const WHOLE = { file: expect.stringMatching(/^(?:repaired|as found)$/), kubelet: 'active' };

const waitsPaused = ({ status }: RemediationObject): boolean => status?.reason === 'Paused';

beforeAll(async () => {
  await allowJobs(rig);
  await restoreCluster(rig);
  await installFrailKubelet(rig, NODE);
});
afterAll(async () => {
  await letKubeletServe();
  await removeFrailKubelet(rig, NODE);
  await allowJobs(rig);
  await restoreCluster(rig);
});

describe('in the middle of a repair, the record and then the policy', () => {
  let found: string;
  let first: RemediationObject;

  beforeAll(async () => {
    found = await brokenNode();
    await applyPolicy(rig, {});
    first = await inTheMiddle();
  });

  it('without its record the node is released, but for the cordon of a person, while the agent still works', async () => {
    await rig.kubectl(['cordon', NODE]);
    await editPolicy(rig, { pause: PAUSE });
    await rig.kubectl(['delete', 'dnsrem', first.metadata.name, '--wait=true']);
    expect(await onceReleased()).toEqual(CORDONED);
    expect(await journaledStep(rig, NODE)).toBe('restarting');
  });

  it('the Job and its pod go, and the agent leaves a whole file and a kubelet that runs', async () => {
    await letKubeletServe();
    await untilNoWork(first);
    expect(await nodeNow(found)).toEqual(WHOLE);
    await rig.kubectl(['uncordon', NODE]);
  });

  it('the node, which still loops, gets another record that ends although its policy is deleted', async () => {
    const next = await untilRemediation(rig, NODE, 'to wait for the end of the pause', waitsPaused);
    expect((await remediations(rig)).map(({ metadata }) => metadata.uid)).toEqual([next.metadata.uid]);
    await forbidJobs(rig);
    await editPolicy(rig, { pause: [] });
    await untilRemediation(
      rig,
      NODE,
      'to be in quarantine',
      ({ status }) => status?.quarantine?.heldSince !== undefined,
    );
    await rig.kubectl(['delete', 'dnshealthpolicy', 'coredns', '--wait=true']);
    await allowJobs(rig);

    const { status } = await untilRemediation(
      rig,
      NODE,
      'to be over',
      (one) => one.status?.finishedAt !== undefined && one.status.quarantine?.heldSince === undefined,
    );
    expect(status).toMatchObject({ phase: 'Healed', reason: 'Verified' });
    expect(await scheduling(rig, NODE)).toEqual(FREE);
    expect(await rig.resolvConf(NODE)).toBe(GOOD_RESOLV_CONF);
    await rig.kubectl(['delete', 'dnsrem', next.metadata.name, '--wait=true']);
    await untilNoWork(next);
    expect(await scheduling(rig, NODE)).toEqual(FREE);
  });
});

describe('in the middle of a repair, the node, and then the record of one that failed', () => {
  let found: string;
  let first: RemediationObject;
  let good: string;

  beforeAll(async () => {
    good = await corefile(rig);
    found = await brokenNode();
    await applyPolicy(rig, { verification: { timeoutSeconds: 20 } });
    first = await inTheMiddle();
  });
  afterAll(async () => {
    await setCorefile(rig, good);
    await restoreCluster(rig);
  });

  it('the incident of a deleted node ends', async () => {
    await editPolicy(rig, { pause: PAUSE });
    await rig.kubectl(['delete', 'node', NODE, '--wait=true']);
    const { status } = await untilRemediation(
      rig,
      NODE,
      'to end and to give its place back',
      ({ metadata, status: now }) =>
        metadata.uid === first.metadata.uid &&
        now?.finishedAt !== undefined &&
        now.quarantine?.heldSince === undefined,
    );
    expect(status).toMatchObject({ phase: 'Failed', reason: 'NodeGone' });
  });

  it('its kubelet joins as a node that carries nothing of the incident, with a whole file', async () => {
    await letKubeletServe();
    await rig.waitForNodes();
    expect(await scheduling(rig, NODE)).toEqual(FREE);
    expect(await nodeNow(found)).toEqual(WHOLE);
    await rig.kubectl(['delete', 'dnsrem', first.metadata.name, '--wait=true']);
    await untilNoWork(first);
  });

  it('the record of a repair that could not be verified takes the quarantine with it that it holds', async () => {
    const next = await untilRemediation(rig, NODE, 'to wait for the end of the pause', waitsPaused);
    expect(next.spec.node.name).toBe(NODE);
    // The next DNS pod there does not start.
    await setCorefile(rig, good.replace('forward .', 'forwardd .'));
    await editPolicy(rig, { pause: [] });
    const { status } = await untilRemediation(
      rig,
      NODE,
      'to hold its node after its end',
      (one) => one.status?.finishedAt !== undefined && one.status.quarantine?.heldSince !== undefined,
    );
    expect(status).toMatchObject({ phase: 'Failed', reason: 'VerificationFailed' });
    await rig.kubectl(['delete', 'dnsrem', next.metadata.name, '--wait=true']);
    expect(await onceReleased()).toEqual(FREE);
    await untilNoWork(next);
  });
});

describe('in the middle of a repair, the whole installation', () => {
  it('leaves nothing after `kubectl dnshealth cleanup`, but the cordon of a person', async () => {
    const found = await brokenNode();
    await applyPolicy(rig, {});
    await inTheMiddle();
    await rig.kubectl(['cordon', NODE]);
    try {
      const deletion = rig.kubectl(['delete', '-k', `${PROJECT_ROOT}/config/default`, '--wait=true']);
      await until(
        async () => {
          const phase = ['get', 'namespace', 'dnshealth-node', '-o', 'jsonpath={.status.phase}'];
          return (await rig.kubectl(phase)).stdout === 'Terminating' || undefined;
        },
        { what: 'the namespace of the agent to be deleted' },
      );
      // Only a kubelet that serves ends the pods that the deletion waits for.
      await letKubeletServe();
      await deletion;

      const cleaned = await startPlugin(rig, ['cleanup', '--wait']).ended;
      expect(cleaned).toMatchObject({ code: 0 });
      expect(await startPlugin(rig, ['cleanup']).ended).toMatchObject({
        code: 0,
        out: 'The operator has left nothing.\n',
      });
      expect(await scheduling(rig, NODE)).toEqual(CORDONED);
      for (const { name } of rig.nodes) {
        expect((await nodeObject(rig, name)).metadata.annotations ?? {}).not.toHaveProperty([
          CHECK_ANNOTATION,
        ]);
        expect(await nodeCondition(rig, name)).toBeUndefined();
      }
      expect(await nodeNow(found)).toEqual(WHOLE);
    } finally {
      await letKubeletServe();
      await rig.kubectl(['uncordon', NODE]);
      await installImage(rig, inject('operatorImage'), () => {});
    }
  });
});
