import { describe, expect, it } from 'vitest';
import { aRemediation, at, isoAt } from '../../../test/support/objects/builders.ts';
import { fakeKube } from '../../../test/support/objects/fake-kube.ts';
import { aRawNode, stampAt } from '../../../test/support/objects/raw-objects.ts';
import { API_VERSION, QUARANTINE_ANNOTATION } from '../../api/keys.ts';
import { parseNodeMark } from '../../observe/node-mark.ts';
import { silentLogger } from '../../runtime/logger.ts';
import type { Stores } from '../stores.ts';
import { createOrphanReconciler } from './orphan-controller.ts';

const NODE = '/api/v1/nodes/node-1';
const INCIDENT = `/apis/${API_VERSION}/dnsremediations/node-1-incident`;
const record = {
  version: 1,
  remediation: 'node-1-incident',
  uid: 'uid-of-node-1-incident',
  strategy: 'Taint',
  wasUnschedulable: false,
  since: isoAt(0),
};
const { spec } = aRemediation();
const incident = (overrides: object = {}) => ({
  metadata: { name: record.remediation, uid: record.uid, creationTimestamp: stampAt(0) },
  spec,
  status: { phase: 'Repairing' },
  ...overrides,
});

/** One reconcile at second `now`. Returns whether the node was patched, the events and the result. */
async function reconcile(text: string, answers: Readonly<Record<string, object>>, now = 700) {
  const raw = aRawNode({ metadata: { annotations: { [QUARANTINE_ANNOTATION]: text } } });
  const fake = fakeKube({ [NODE]: raw, ...answers });
  const events: string[] = [];
  const run = createOrphanReconciler({
    kube: fake.kube,
    stores: { nodeMarks: { get: () => parseNodeMark(raw) } } as unknown as Stores,
    narrator: {
      announce: ({ reason }) => void events.push(reason),
      recordTransition: () => {},
      policyTransition: () => {},
    },
    logger: silentLogger,
    now: () => at(now),
  });
  const result = await run('node-1', new AbortController().signal);
  return { released: fake.asked.includes(`PATCH ${NODE}`), events, result };
}
const released = { released: true, events: ['OrphanReleased'], result: { kind: 'done' } };
const kept = { released: false, events: [], result: { kind: 'requeue' } };
const text = JSON.stringify(record);

describe('a marked node is released, with an event on it,', () => {
  it.each<[string, string, Readonly<Record<string, object>>]>([
    ['whose remediation was deleted', text, {}],
    [
      'whose remediation was deleted and created again',
      text,
      { [INCIDENT]: incident({ metadata: { ...incident().metadata, uid: 'another' } }) },
    ],
    [
      'that names the remediation of another node',
      text,
      { [INCIDENT]: incident({ spec: { ...spec, node: { name: 'node-2', uid: 'uid-of-node-2' } } }) },
    ],
    [
      'whose remediation this version cannot read',
      text,
      { [INCIDENT]: incident({ status: { phase: 'New' } }) },
    ],
    ['whose remediation does not even say whose it is', text, { [INCIDENT]: incident({ spec: {} }) }],
    ['whose remediation has ended', text, { [INCIDENT]: incident({ status: { phase: 'Failed' } }) }],
    [
      'whose mark is of a later version',
      JSON.stringify({ ...record, version: 2 }),
      { [INCIDENT]: incident() },
    ],
  ])('%s', async (_which, mark, answers) => {
    expect(await reconcile(mark, answers)).toEqual(released);
  });
});

describe('a marked node is left alone', () => {
  it('while its remediation works', async () => {
    expect(await reconcile(text, { [INCIDENT]: incident() })).toMatchObject(kept);
  });

  it.each([
    ['its remediation has ended', text, { [INCIDENT]: incident({ status: { phase: 'Failed' } }) }],
    ['its mark is of a later version', JSON.stringify({ ...record, version: 2 }), {}],
  ])('for ten minutes after %s', async (_what, mark, answers) => {
    expect(await reconcile(mark, answers, 60)).toMatchObject({ ...kept, result: { afterMs: 540_000 } });
  });
});
