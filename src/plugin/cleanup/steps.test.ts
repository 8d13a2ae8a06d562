import { describe, expect, it } from 'vitest';
import { CHECK_NAMESPACE, NODE_NAMESPACE } from '../../api/keys.ts';
import type { Leftovers, Work } from './leftovers.ts';
import { mustSucceed, objectOf, type Step, stepsFor, wouldDo } from './steps.ts';

const work = (name: string, more: Partial<Work> = {}): Work => ({
  kind: 'Job',
  namespace: NODE_NAMESPACE,
  name,
  uid: name,
  node: 'node-1',
  state: 'ended',
  ofOperator: true,
  ...more,
});
const check = (name: string, more: Partial<Work> = {}): Work =>
  work(name, { kind: 'Pod', namespace: CHECK_NAMESPACE, ...more });
const held = { name: 'node-1', text: 'a record' };
const incident = { name: 'node-1-incident', node: 'node-1' };
const stepsOf = (left: Partial<Leftovers>) =>
  stepsFor({
    nodes: [],
    checkedNodes: [],
    excludedNodes: [],
    repairs: [],
    checks: [],
    incidents: [],
    unread: [],
    ...left,
  });
const said = (steps: readonly Step[]) =>
  steps.map((step) => `${step.kind} ${objectOf(step)}${step.kind === 'leave' ? ` ${step.because}` : ''}`);

describe('the steps of a cleanup', () => {
  it('are none where nothing is left', () => {
    expect(stepsOf({})).toEqual([]);
  });

  it('go from Jobs over nodes to incidents, so that each may be the last', () => {
    const left = { repairs: [work('j')], checks: [check('c')], nodes: [held], incidents: [incident] };
    expect(said(stepsOf(left))).toEqual([
      'delete dnshealth-node/job/j',
      'delete dnshealth-check/pod/c',
      'release node/node-1',
      'end dnsremediation/node-1-incident',
    ]);
  });

  it('leave a node alone on which a repair works, with its Job and its incident, and no other', () => {
    const nodes = [held, { name: 'node-2', text: null }];
    const incidents = [incident, { name: 'node-2-incident', node: 'node-2' }];
    const repairs = [work('j', { state: 'running' }), work('old')];
    expect(said(stepsOf({ repairs, nodes, incidents }))).toEqual([
      'leave dnshealth-node/job/j Repairing',
      'delete dnshealth-node/job/old',
      'leave node/node-1 Repairing',
      'release node/node-2',
      'leave dnsremediation/node-1-incident Repairing',
      'end dnsremediation/node-2-incident',
    ]);
  });

  it('count a pod of the agent whose Job is gone as a repair', () => {
    const repairs = [work('p', { kind: 'Pod', state: 'running' })];
    expect(said(stepsOf({ repairs, nodes: [held] }))).toEqual([
      'leave dnshealth-node/pod/p Repairing',
      'leave node/node-1 Repairing',
    ]);
  });

  it('release no node while it cannot be read where repairs work', () => {
    expect(said(stepsOf({ repairs: null, nodes: [held], incidents: [incident] }))).toEqual([
      'leave node/node-1 Unknown',
      'leave dnsremediation/node-1-incident Unknown',
    ]);
  });

  it('leave a check for which someone may be waiting', () => {
    const checks = [
      check('of-an-incident', { state: 'running' }),
      check('of-a-user', { state: 'running', ofOperator: false }),
      check('over', { ofOperator: false }),
    ];
    expect(said(stepsOf({ checks }))).toEqual([
      'delete dnshealth-check/pod/of-an-incident',
      'leave dnshealth-check/pod/of-a-user Checking',
      'delete dnshealth-check/pod/over',
    ]);
  });

  it('depend on a Job that has not begun and on the release, on the same node', () => {
    const repairs = [work('unstarted', { state: 'unstarted' }), work('over')];
    const steps = stepsOf({ repairs, checks: [check('c', { state: 'unstarted' })], nodes: [held] });
    expect(steps.filter(mustSucceed).map(objectOf)).toEqual(['dnshealth-node/job/unstarted', 'node/node-1']);
  });

  it('keep the label that leaves a node alone, and say whose wish that is and how to remove it', () => {
    const excludedNodes = [
      { name: 'node-1', reason: 'back: anna asked to undo fix: our file' },
      { name: 'node-2', reason: null },
    ];
    const steps = stepsOf({ nodes: [held], excludedNodes });
    expect(said(steps)).toEqual(['release node/node-1', 'keep node/node-1/label', 'keep node/node-2/label']);
    expect(steps.slice(1).map(wouldDo)).toEqual([
      'Would be kept: someone wanted the node to be left alone, as the annotation beside the label dnshealth.io/exclude says: "back: anna asked to undo fix: our file". To remove both: `kubectl label node node-1 dnshealth.io/exclude-` and `kubectl annotate node node-1 dnshealth.io/exclude-reason-`.',
      'Would be kept: an administrator set the label dnshealth.io/exclude, so that no operator repairs the node. To remove it: `kubectl label node node-2 dnshealth.io/exclude-`.',
    ]);
  });

  it('remove what is said of nodes at the end, also where a repair still works', () => {
    const left = { repairs: [work('j', { state: 'running' })], nodes: [held], incidents: [incident] };
    expect(said(stepsOf({ ...left, checkedNodes: ['node-1', 'node-2'] })).slice(-2)).toEqual([
      'forget node/node-1/status',
      'forget node/node-2/status',
    ]);
  });
});
