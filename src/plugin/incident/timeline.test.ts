import { describe, expect, it } from 'vitest';
import { anInspectReport } from '../../../test/support/objects/agent-jobs.ts';
import {
  aGuardReport,
  aLateLoop,
  aProofReport,
  aRemediation,
  aRepairReport,
  isoAt,
} from '../../../test/support/objects/builders.ts';
import { aPlan } from '../../../test/support/objects/plans.ts';
import type { RemediationStatus } from '../../api/remediation.ts';
import { createTeller } from './tell.ts';
import { type IncidentRecord, timelineOf } from './timeline.ts';

const step = (name: RemediationStatus['steps'][number]['name'], from: number, to?: number) => ({
  name,
  startedAt: isoAt(from),
  ...(to === undefined ? {} : { finishedAt: isoAt(to), message: `${name} is done.` }),
});

const healed = aRemediation({
  status: {
    phase: 'Healed',
    reason: 'Verified',
    message: 'DNS was verified.',
    quarantine: { strategy: 'Taint', nodeWasUnschedulable: false },
    steps: [
      step('Quarantine', 1, 2),
      step('Repair', 2, 6),
      step('Guard', 6, 14),
      step('Prove', 6, 7),
      step('Release', 7, 8),
      step('Recreate', 8, 9),
      step('Verify', 9, 14),
    ],
    repair: aRepairReport({
      current: { path: '/etc/resolv.conf', class: 'stub', nameservers: ['127.0.0.53'] },
      target: { path: '/run/systemd/resolve/resolv.conf', class: 'ok', nameservers: ['192.0.2.1'] },
      change: {
        path: '/etc/kubernetes/kubelet-config.yaml',
        line: 7,
        before: 'resolvConf: "/etc/resolv.conf"',
        after: 'resolvConf: "/run/systemd/resolve/resolv.conf"',
        sha256Before: 'a',
        sha256After: 'b',
        backup: '/var/lib/x',
      },
    }),
    guard: aGuardReport(),
    proof: aProofReport(),
    verification: {
      pod: 'coredns-new',
      podUID: 'new',
      podIP: '10.244.1.6',
      node: 'node-1',
      containerID: 'c',
      restartCount: 0,
      firstSuccess: isoAt(10),
      lastAttempt: isoAt(13),
      answers: [{ protocol: 'udp', name: 'x.invalid', result: 'NXDOMAIN', ok: true, ms: 3 }],
    },
    recurrence: [{ source: 'the kubespray inventory', advice: 'Set kube_resolv_conf.' }],
    finishedAt: isoAt(14),
  },
});
const lines = (record: IncidentRecord) =>
  timelineOf(record).map(({ seconds, who, text }) => `${seconds} ${who}: ${text}`);

describe('the timeline of an incident', () => {
  it('says what happened, when, and who did it, in the order of time', () => {
    expect(lines(healed)).toEqual([
      '0 CoreDNS: The DNS pod coredns-sick on node-1 crashed in a forwarding loop.',
      '1 operator: Recorded as DNSRemediation node-1-incident with the cause KubeletResolvConf.',
      '2 operator: node-1 is in quarantine (tainted).',
      '3 agent: One line was changed on node-1: /etc/kubernetes/kubelet-config.yaml:7.',
      '4 agent: The kubelet was restarted once and serves (pid 10, now 20).',
      '7 proof pod: A new pod gets the nameserver 10.89.0.1, which answers.',
      '8 operator: node-1 is released and schedulable again, as before.',
      '9 operator: Recreate is done.',
      '10 operator: The DNS pod coredns-new on node-1 answers at 10.244.1.6.',
      '14 operator: DNS is verified: coredns-new gave correct answers for 3 s.',
      '14 guard: The kubelet kept serving with the new value as process 20.',
      '14 operator: Healed: DNS was verified.',
    ]);
  });

  it('shows the change, the grades of both files, the answers and where the value may come back from', () => {
    const details = timelineOf(healed).flatMap((entry) => entry.details);
    expect(details).toEqual([
      expect.stringMatching(/^\[FATAL\] plugin\/loop/),
      '- resolvConf: "/etc/resolv.conf"',
      '+ resolvConf: "/run/systemd/resolve/resolv.conf"',
      'before: stub (127.0.0.53)',
      'now: ok (192.0.2.1)',
      'UDP x.invalid NXDOMAIN (3 ms)',
      'The old value may come back from: the kubespray inventory',
    ]);
  });

  it('leaves out what did not happen', () => {
    const refused = aRemediation({
      status: {
        phase: 'Refused',
        message: 'The target is missing.',
        advice: 'Start systemd-resolved.',
        steps: [step('Quarantine', 1, 2), step('Repair', 2)],
        repair: aRepairReport({ outcome: 'refused', kubelet: undefined, times: { started: isoAt(3) } }),
        finishedAt: isoAt(4),
      },
    });
    expect(lines(refused).slice(2)).toEqual([
      '2 operator: node-1 is in quarantine (tainted).',
      '4 operator: Refused: The target is missing.',
    ]);
    expect(timelineOf(refused).at(-1)?.details).toEqual(['Advice: Start systemd-resolved.']);
  });

  it('ends with what may have written the value again, and with the pods that keep it', () => {
    const explained = { evidence: ['It was changed at noon.'], change: [] };
    const rewrittenBy = [
      { explanation: 'CloudInit' as const, confidence: 'high' as const, ...explained },
      { explanation: 'Unknown' as const, confidence: 'low' as const, ...explained },
    ];
    const otherPods = { total: 1, pods: [], message: 'One other pod keeps it.' };
    const again = { ...healed, status: { ...healed.status, rewrittenBy, otherPods } };
    expect(timelineOf(again).at(-1)?.details).toEqual(
      expect.arrayContaining([
        'CloudInit may have written the wrong value (high confidence). It was changed at noon.',
        'What wrote the wrong value is not known. It was changed at noon.',
        'One other pod keeps it.',
      ]),
    );
  });

  it('shows the inspection of a node that was left alone', () => {
    const left = aRemediation({
      status: {
        phase: 'Refused',
        reason: 'RepairedTooOften',
        message: 'The kubelet was repaired 2 times.',
        steps: [
          {
            name: 'Inspect',
            startedAt: isoAt(1),
            finishedAt: isoAt(3),
            message: 'A repair would change it.',
          },
        ],
        inspection: anInspectReport(),
        finishedAt: isoAt(4),
      },
    });
    expect(lines(left).slice(2)).toEqual([
      '3 agent: node-1 was inspected, and nothing was changed there.',
      '4 operator: Refused: The kubelet was repaired 2 times.',
    ]);
    expect(timelineOf(left).find(({ id }) => id.startsWith('inspected'))?.details).toEqual([
      'A repair would change it.',
    ]);
  });

  it('shows the plan, who approved it, and what people did to the node', () => {
    const asked = aRemediation({
      status: {
        phase: 'Pending',
        plan: aPlan({ madeAt: isoAt(3) }),
        approval: { hash: 'first', by: 'anna', at: isoAt(8) },
        interference: [{ at: isoAt(9), what: 'Cordoned', message: 'Someone cordoned node-1.' }],
      },
    });
    expect(lines(asked).slice(2)).toEqual([
      '3 agent: Plan 1 is made: Set resolvConf to /run/systemd/resolve/resolv.conf, and restart the kubelet.',
      '8 person: anna approved the plan with the hash first.',
      '9 person: Someone cordoned node-1.',
    ]);
    expect(timelineOf(asked).find(({ id }) => id.startsWith('planned'))?.details).toEqual([
      '- resolvConf: /etc/resolv.conf',
      '+ resolvConf: /run/systemd/resolve/resolv.conf',
      `It can be approved until ${isoAt(10 + 86_400)}.`,
      'Hash first',
    ]);
  });

  it('tells each plan of an incident, because it may be made again', () => {
    const ids = [1, 2].flatMap((number) =>
      timelineOf(aRemediation({ status: { plan: aPlan({ number }) } })).map(({ id }) => id),
    );
    expect(ids.filter((id) => id.startsWith('planned'))).toEqual(['planned 1', 'planned 2']);
  });

  it('begins with the request of a person, and ends with the rollback that has undone it', () => {
    const { spec, ...rest } = aRemediation();
    const { policy, node, cause, settings } = spec;
    const request = { by: 'anna', at: isoAt(0) };
    const asked = { ...rest, spec: { policy, node, cause, settings, trigger: 'Request', request } as const };
    expect(lines(asked)[0]).toBe('0 person: anna asked what a repair would do to node-1.');
    const undone = { ...healed, status: { ...healed.status, rolledBackBy: 'node-1-back' } };
    expect(timelineOf(undone).at(-1)?.details).toContain(
      'It was taken back later, by DNSRemediation node-1-back.',
    );
  });

  it('begins with the failed answers of a late loop', () => {
    const { spec, ...rest } = aRemediation();
    const { policy, node, cause, settings } = spec;
    const late = {
      ...rest,
      spec: { policy, node, cause, settings, trigger: 'LateLoop', lateLoop: aLateLoop() } as const,
    };
    expect(lines(late)[0]).toBe(
      '0 CoreDNS: The DNS pod coredns-sick on node-1 answers for no external name.',
    );
  });

  it('keeps attempts apart', () => {
    const again = aRemediation({
      status: {
        attempts: [
          {
            number: 1,
            startedAt: isoAt(1),
            endedAt: isoAt(20),
            reason: 'TargetSilent',
            message: 'No answer.',
          },
        ],
        steps: [step('Quarantine', 80, 81)],
      },
    });
    expect(timelineOf(again).map(({ id }) => id)).toEqual([
      'began',
      'recorded',
      'attempt 1',
      'quarantined 2',
    ]);
  });
});

describe('an incident that is followed', () => {
  const told = (...records: readonly IncidentRecord[]) => {
    const printed: string[] = [];
    const teller = createTeller({
      line: (text = '') => void printed.push(text),
      paint: (_style, text) => text,
    });
    for (const record of records) teller.tell(record, record.name !== healed.name);
    return printed;
  };

  it('is told once, however often its record is read', () => {
    const begun = { ...healed, status: { ...aRemediation().status, steps: healed.status.steps.slice(0, 1) } };
    const printed = told(begun, begun, healed, healed);
    expect(printed).toEqual(told(healed));
    expect(printed.slice(0, 4)).toEqual([
      '     0.0 s  The DNS pod coredns-sick on node-1 crashed in a forwarding loop.',
      '              [FATAL] plugin/loop: Loop (127.0.0.1:38718 -> :53) detected for zone "."',
      '     1.0 s  Recorded as DNSRemediation node-1-incident with the cause KubeletResolvConf.',
      '     2.0 s  node-1 is in quarantine (tainted).',
    ]);
  });

  it('names its node among others', () => {
    expect(told(aRemediation({ node: 'node-2' }))[0]).toMatch(/^ {5}0\.0 s {2}node-2 {2}The DNS pod/);
  });
});
