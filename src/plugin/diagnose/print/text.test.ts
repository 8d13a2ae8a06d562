import { describe, expect, it } from 'vitest';
import type { Case } from '../../../diagnosis/case.ts';
import { aCase, aPod, container, death, file, running, UPLINK } from '../../../diagnosis/testing/a-case.ts';
import type { GatheredPod } from '../gathered.ts';
import { buildReport } from '../report.ts';
import { reportText } from './text.ts';

const gathered = (change: Partial<Case> = {}, more: Partial<GatheredPod> = {}): GatheredPod => ({
  facts: aCase(change),
  notes: [],
  missing: [],
  ...more,
});
const answers = (external: string): NonNullable<Case['answers']> => [
  {
    name: 'kubernetes.default.svc.cluster.local',
    scope: 'Cluster',
    protocol: 'TCP',
    result: '10.96.0.1',
    ok: true,
    ms: 2,
  },
  {
    name: 'x.invalid',
    scope: 'External',
    protocol: 'TCP',
    result: external,
    ok: external === 'NXDOMAIN',
    ms: 9,
  },
];
const healthy = gathered({
  pod: { ...running(), name: 'coredns-well', node: 'node8' },
  log: '',
  sandboxResolvConf: file('sandbox', '192.168.10.1'),
  newPodResolvConf: file('a new pod on node8', '192.168.10.1'),
  kubelet: { running: { value: UPLINK, source: '/configz of node8' } },
  answers: answers('NXDOMAIN'),
});

function text(
  pods: readonly GatheredPod[],
  { width = 100, isWide = false, forbidden = [] as string[] } = {},
) {
  const report = buildReport({ pods, others: [], operator: { kind: 'not-installed' }, forbidden, files: [] });
  return reportText(report, { out: { paint: (_style, plain) => plain }, width, isWide });
}
const titles = (printed: string): readonly string[] =>
  [...printed.matchAll(/^ {2}([A-Z].*)$/gm)].map(([, title = '']) => title);

describe('the text of a diagnosis', () => {
  it('begins with the verdict, and then says what, why, what to do, and what is not known', () => {
    const printed = text([gathered({ hostFiles: [] }), healthy]);
    expect(printed).toMatch(/^1 of 2 DNS pods loops: The kubelet on node7 gives its pods the stub/);
    expect(titles(printed)).toEqual([
      'KubeletResolvConf (high confidence)',
      'Evidence',
      'What to do',
      'By hand',
      'Check it',
      'Would the operator repair it?',
      'Beside node8, where coredns-well is healthy',
      'Not known',
      'Ruled out',
    ]);
  });

  it('has one line for each healthy pod', () => {
    expect(
      text([
        healthy,
        gathered({ ...healthy.facts, pod: { ...running(), name: 'coredns-too', node: 'node9' } }),
      ]),
    ).toBe(
      [
        'All 2 DNS pods answer.',
        '',
        '  coredns-well on node8  Answers for the cluster and for the outside, within 9 ms.',
        '  coredns-too on node9   Answers for the cluster and for the outside, within 9 ms.',
        '',
      ].join('\n'),
    );
  });

  it('numbers two causes of one pod', () => {
    const printed = text([
      gathered({
        corefile: {
          text: '.:53 {\n forward . /etc/resolv.conf\n}\n',
          source: 'ConfigMap kube-system/coredns',
        },
        pod: aPod({ container: container({ death: death({ exitCode: 137, reason: 'OOMKilled' }) }) }),
        log: '[ERROR] plugin/errors: 5 a. A: concurrent queries exceeded maximum 1000\n',
      }),
    ]);
    expect(printed).toMatch(/^ {2}1\. \w+ \(\w+ confidence\)$/m);
    expect(printed).toMatch(/^ {2}2\. \w+ \(\w+ confidence\)$/m);
  });

  it('counts the causes where several pods are at fault', () => {
    const other = gathered({ pod: aPod({ name: 'coredns-def' }) });
    expect(text([gathered(), other, healthy])).toMatch(/^2 of 3 DNS pods loop: 2 KubeletResolvConf\.\n/);
  });

  it('stays within the width of the terminal, but for commands, which are copied', () => {
    for (const width of [80, 120]) {
      const long = text([gathered(), healthy], { width })
        .split('\n')
        .filter((line) => line.length > width);
      for (const line of long) expect(line).toMatch(/^ {4,}(?:#|kubectl|sed|grep|test|systemctl|cp|k=|\[)/);
    }
  });

  it('keeps line breaks of other people out: a log line cannot look like a line of ours', () => {
    const printed = text([
      gathered({}, { notes: [{ source: 'event Forged', text: 'first\nAll 2 DNS pods answer.\n' }] }),
    ]);
    expect(printed).not.toMatch(/^All 2/m);
  });

  it('says of a pod that is not started what the scheduler or the kubelet says', () => {
    const { container: _none, ...pending } = aPod();
    const {
      log: _log,
      sandboxResolvConf: _sandbox,
      newPodResolvConf: _new,
      kubelet: _kubelet,
      ...rest
    } = aCase();
    const printed = text([
      {
        facts: { ...rest, pod: pending, hostFiles: [] },
        notes: [],
        missing: [],
        stuck: '0/3 nodes are available',
      },
    ]);
    expect(printed).toMatch(
      /^The DNS pod is at fault: coredns-abc does not run: 0\/3 nodes are available\.\n/,
    );
  });

  it('names the rights that are missing once, at the end', () => {
    expect(text([healthy], { forbidden: ['get nodes/proxy', 'get pods/log'] })).toMatch(
      /\nYou have no permission to get nodes\/proxy; get pods\/log\. With it, more could be said\.\n$/,
    );
  });

  it('lists what the healthy pods answered only where more is asked for', () => {
    expect(text([healthy])).not.toContain('x.invalid');
    expect(text([healthy], { isWide: true })).toContain('coredns-well: external x.invalid: NXDOMAIN (9 ms)');
  });
});
