import { expect, it } from 'vitest';
import type { NodeMark } from '../../observe/node-mark.ts';
import type { EventIntent } from '../../remediation/record/events.ts';
import type { Stores } from '../stores.ts';
import { createExcludeLabelReconciler } from './exclude-label-controller.ts';

function aController() {
  const marks = new Map<string, NodeMark>();
  const announced: EventIntent[] = [];
  const reconcile = createExcludeLabelReconciler({
    stores: { nodeMarks: { get: (key: string) => marks.get(key) } } as unknown as Stores,
    narrator: {
      recordTransition: () => {},
      policyTransition: () => {},
      announce: (intent) => void announced.push(intent),
    },
  });
  return {
    announced,
    label: async (exclude: string | null, uid = 'uid-1') => {
      marks.set('node-1', { name: 'node-1', uid, text: null, record: null, exclude });
      await reconcile('node-1');
    },
  };
}

it('a value other than "true" causes a warning on the node, with what to do', async () => {
  const { announced, label } = aController();
  await label('yes');
  expect(announced).toMatchObject([
    { type: 'Warning', reason: 'ExcludeLabelIgnored', about: [{ kind: 'node', name: 'node-1' }] },
  ]);
  expect(announced[0]?.note).toContain('kubectl label node node-1 dnshealth.io/exclude=true --overwrite');
});

it('the warning is given once for each value, and again after the label was corrected in between', async () => {
  const { announced, label } = aController();
  for (const value of ['yes', 'yes', '', '', 'true', null, 'yes']) await label(value);
  expect(announced).toHaveLength(3);
});

it('a node that was created again under the same name gets its own warning', async () => {
  const { announced, label } = aController();
  await label('yes');
  await label('yes', 'uid-2');
  expect(announced).toHaveLength(2);
});

it('the value "true" causes no warning', async () => {
  const { announced, label } = aController();
  await label('true');
  expect(announced).toEqual([]);
});
