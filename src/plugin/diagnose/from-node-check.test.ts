import { describe, expect, it } from 'vitest';
import { at, isoAt } from '../../../test/support/objects/builders.ts';
import { aDriftedRecord, aNodeRecord, WRONG } from '../../../test/support/objects/node-records.ts';
import { CHECK_ANNOTATION } from '../../api/keys.ts';
import type { NodeCheckRecord } from '../../api/node-check-record.ts';
import { aPod, running } from '../../diagnosis/testing/a-case.ts';
import { warningOf, withNodeCheck } from './from-node-check.ts';
import type { GatheredPod } from './gathered.ts';
import { buildReport } from './report.ts';
import { onlinePod } from './testing/online-pod.ts';

type Check = NonNullable<NodeCheckRecord['check']>;

describe('the last check of the node', () => {
  const checked = (kubeletStartedAt: number | undefined, record: NodeCheckRecord | string): GatheredPod => {
    const pod = onlinePod(kubeletStartedAt, { pod: aPod({ createdAt: at(-100) }) });
    if (!pod.node) throw new Error('the pod has no node');
    const annotations = { [CHECK_ANNOTATION]: typeof record === 'string' ? record : JSON.stringify(record) };
    return { ...pod, node: { ...pod.node, facts: { ...pod.node.facts, annotations } } };
  };
  const reported = (pod: GatheredPod) =>
    buildReport({ pods: [pod], others: [], operator: { kind: 'not-installed' }, forbidden: [], files: [] })
      .pods[0];
  const drifted = aDriftedRecord({ found: { ...WRONG, nameservers: ['127.0.0.53'], at: isoAt(1) } });

  it('says what a new pod is given, if the kubelet was not started since', () => {
    expect(withNodeCheck(checked(at(-50), drifted)).facts.newPodResolvConf).toEqual({
      source: `check of node node7, ${isoAt(1)}`,
      text: 'nameserver 127.0.0.53\n',
    });
  });

  it.each([
    ['the kubelet was started after it began', at(0.5), drifted],
    ['the start of the kubelet is not known', undefined, drifted],
    [
      'a later check failed',
      at(-50),
      aDriftedRecord({ check: { ...(drifted.check as Check), startedAt: isoAt(60), endedAt: isoAt(120) } }),
    ],
  ])('is evidence of its time alone if %s', (_name, startedAt, record) => {
    const pod = checked(startedAt, record);
    const informed = withNodeCheck(pod);
    expect(informed.facts).toEqual(pod.facts);
    expect(informed.notes).toEqual([
      {
        source: `condition dnshealth.io/ResolverConfigured of node7, Drifted since ${isoAt(0)}`,
        text: 'New pods are given 127.0.0.53 (class stub).',
      },
    ]);
  });

  it('finds the fault of the next pod where this one answers', () => {
    const answering = checked(at(-50), drifted);
    const pod = { ...answering, facts: { ...answering.facts, pod: running(), log: '' } };
    expect(reported(pod)).toMatchObject({ state: 'well' });
    expect(reported(withNodeCheck(pod))).toMatchObject({
      state: 'fault',
      summary: expect.stringMatching(/The next DNS pod that is created on node7 will loop\.$/),
    });
  });

  it('warns where this pod answers and the check is too old to be a fact', () => {
    const answering = checked(undefined, drifted);
    const pod = withNodeCheck({ ...answering, facts: { ...answering.facts, pod: running(), log: '' } });
    expect(reported(pod)).toMatchObject({
      state: 'well',
      summary: expect.stringMatching(
        / The condition of node node7 is Drifted: New pods are given 127\.0\.0\.53 \(class stub\)\.$/,
      ),
    });
    expect(warningOf(checked(undefined, aNodeRecord()))).toBeUndefined();
  });

  it('says nothing where its record cannot be read, or there is none', () => {
    const unreadable = checked(at(-50), 'by hand');
    expect(withNodeCheck(unreadable)).toEqual(unreadable);
    const unchecked = onlinePod(at(-50));
    expect(withNodeCheck(unchecked)).toEqual(unchecked);
  });
});
