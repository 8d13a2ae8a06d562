import { describe, expect, it } from 'vitest';
import { aRemediation, at } from '../../../test/support/objects/builders.ts';
import { fakeKube } from '../../../test/support/objects/fake-kube.ts';
import { nothingAsked } from '../../../test/support/objects/probe-rounds.ts';
import { aRawDnsPod, aRawNode, stampAt } from '../../../test/support/objects/raw-objects.ts';
import { API_VERSION } from '../../api/keys.ts';
import type { Phase } from '../../api/remediation.ts';
import { parsePolicy, parseRemediation } from '../../observe/custom-resources.ts';
import { parseDnsPod } from '../../observe/dns-pod.ts';
import { silentLogger } from '../../runtime/logger.ts';
import type { Stores } from '../stores.ts';
import { createRemediationReconciler } from './remediation-controller.ts';

const REMEDIATIONS = `/apis/${API_VERSION}/dnsremediations`;
const metadata = (name: string, seconds: number) => ({
  name,
  uid: `uid-of-${name}`,
  resourceVersion: '1',
  creationTimestamp: stampAt(seconds),
});
const ours = {
  metadata: metadata('node-1-incident', 1),
  spec: aRemediation().spec,
  status: { phase: 'Pending' },
};
const other = (phase: Phase) => ({
  metadata: metadata('node-2-incident', 5),
  spec: aRemediation({ node: 'node-2' }).spec,
  status: { phase },
});

/** So many reconciles, one right after the other; the cache still shows the other incident as waiting. */
async function reconcile(live: readonly object[], times = 1) {
  const fake = fakeKube({
    [`${REMEDIATIONS}/node-1-incident`]: ours,
    [REMEDIATIONS]: { items: live },
    '/api/v1/nodes/node-1': aRawNode(),
  });
  const list = (...objects: readonly unknown[]) => ({
    get: () => undefined,
    list: () => objects,
    onChange: () => () => {},
  });
  const policy = parsePolicy({ metadata: { ...metadata('coredns', -60), uid: 'policy-1' }, spec: {} });
  const stores = {
    policies: list(policy),
    remediations: list(parseRemediation(ours), parseRemediation(other('Pending'))),
    dnsPods: list(parseDnsPod(aRawDnsPod())),
    jobs: list(),
    agentPods: list(),
    nodeMarks: list(),
    nodes: list(),
    ownNamespace: list(),
  } as unknown as Stores;
  const ignore = () => {};
  const run = createRemediationReconciler({
    kube: fake.kube,
    stores,
    ownership: { owns: async () => true },
    healths: nothingAsked,
    eligible: () => 1,
    starts: { of: () => null },
    settings: { agentImage: 'dnshealth-operator:0.1.0' },
    narrator: { recordTransition: ignore, announce: ignore },
    metrics: { sighted: ignore, follow: ignore },
    logger: silentLogger,
    now: () => at(2),
  } as unknown as Parameters<typeof createRemediationReconciler>[0]);
  for (let time = 0; time < times; time += 1) await run('node-1-incident', new AbortController().signal);
  return { status: (fake.replaced[0] as { status?: object } | undefined)?.status, asked: fake.asked };
}

describe('an incident whose turn seems to have come', () => {
  it('is recorded as admitted before its node is touched', async () => {
    const { status, asked } = await reconcile([ours, other('Pending')]);
    expect(status).toMatchObject({ phase: 'Quarantining' });
    expect(asked.filter((one) => one.startsWith('PATCH'))).toEqual([]);
  });

  it('waits if another one was admitted that the cache does not show yet', async () => {
    expect((await reconcile([ours, other('Quarantining')])).status).toMatchObject({
      phase: 'Pending',
      reason: 'OtherNodeUnderRepair',
      message: expect.stringContaining('node-2-incident'),
    });
  });

  it('waits while a record of another version that cannot be read is not acknowledged', async () => {
    const unreadable = { ...other('Pending'), status: { phase: 'OfAnotherVersion' } };
    expect((await reconcile([ours, unreadable])).status).toMatchObject({ reason: 'BreakerOpen' });
    const annotations = { 'dnshealth.io/acknowledged': 'true' };
    const acknowledged = { ...unreadable, metadata: { ...unreadable.metadata, annotations } };
    expect((await reconcile([ours, acknowledged])).status).toMatchObject({ phase: 'Quarantining' });
  });
});

it('what follows at once on a write of the record is decided from the answer to it, without another read', async () => {
  const { asked } = await reconcile([ours], 2);
  const path = `${REMEDIATIONS}/node-1-incident`;
  expect(asked.filter((one) => one === `GET ${path}`)).toHaveLength(1);
  expect(asked.filter((one) => one.startsWith('PATCH /api/v1/nodes/node-1'))).not.toEqual([]);
});
