import { describe, expect, it } from 'vitest';
import { anInspectReport } from '../../../test/support/objects/agent-jobs.ts';
import {
  aLateLoop,
  aPendingFile,
  aProofReport,
  aRemediation,
  aRepairReport,
  aStatus,
  at,
  isoAt,
  withDrift,
  withLateLoop,
} from '../../../test/support/objects/builders.ts';
import type { Phase } from '../../api/remediation.ts';
import type { Case } from '../../diagnosis/case.ts';
import { examine } from '../../diagnosis/examine.ts';
import { aCase, aPod, running, UPLINK } from '../../diagnosis/testing/a-case.ts';
import { parsePolicy } from '../../observe/custom-resources.ts';
import type { Remediation } from '../../remediation/world.ts';
import { withDeclared } from './declared-kubelet.ts';
import { withProber } from './from-prober.ts';
import { withRecords } from './from-records.ts';
import type { GatheredPod, OperatorKnowledge } from './gathered.ts';
import { operatorView } from './operator-view.ts';
import { podState } from './pod-state.ts';
import { onlinePod } from './testing/online-pod.ts';

const ENV = '/etc/kubernetes/kubelet.env';

const looked = (uid = 'uid-of-node-1'): Remediation => {
  const record = aRemediation({
    status: aStatus({
      repair: aRepairReport({
        outcome: 'refused',
        reason: 'TargetRisky',
        message: 'Nothing was changed.',
        effective: { value: '/etc/resolv.conf', source: `--resolv-conf in ${ENV}:3` },
        current: { path: '/etc/resolv.conf', class: 'stub', nameservers: ['127.0.0.53'] },
        target: { path: UPLINK, class: 'ok', nameservers: ['192.0.2.1'] },
      }),
    }),
  });
  return { ...record, spec: { ...record.spec, node: { name: 'node-1', uid } } };
};
const installed = (...remediations: readonly Remediation[]): OperatorKnowledge => ({
  kind: 'installed',
  policies: [],
  remediations,
});
const declared = { value: UPLINK, source: 'ConfigMap kube-system/kubelet-config' };
const causes = ({ facts }: GatheredPod) =>
  examine(facts).findings.map(({ cause, confidence }) => `${cause} ${confidence}`);

describe('a record of the node', () => {
  it('names the flag that overrides the file, after the agent has looked', () => {
    const pod = withRecords(withDeclared(onlinePod(at(0)), declared), installed(looked()));
    expect(pod.facts.kubelet?.place).toEqual({ kind: 'flag', value: '/etc/resolv.conf', path: ENV, line: 3 });
    expect(causes(pod)).toEqual(['FlagOverridesFile medium']);
    expect(examine(pod.facts).findings[0]?.summary).toContain(`--resolv-conf in ${ENV}:3 overrides it`);
  });

  it('names the flag also where nothing declares what the file sets', () => {
    const pod = withRecords(onlinePod(at(0)), installed(looked()));
    expect(causes(pod)).toEqual(['FlagOverridesFile medium']);
    expect(examine(pod.facts).findings[0]?.summary).toContain('whatever that sets');
  });

  it('says what the files of the node held', () => {
    expect(withRecords(onlinePod(at(0)), installed(looked())).facts.hostFiles).toEqual([
      { source: '/etc/resolv.conf', text: 'nameserver 127.0.0.53\n' },
      { source: UPLINK, text: 'nameserver 192.0.2.1\n' },
    ]);
  });

  it('counts what an inspection saw as what a repair saw', () => {
    const record = looked();
    const { repair, ...status } = record.status;
    const { effective, current, target } = repair ?? {};
    const inspection = anInspectReport({ effective, current, target, times: { decided: isoAt(3) } });
    const inspected = { ...record, status: { ...status, inspection } };
    expect(causes(withRecords(onlinePod(at(0)), installed(inspected)))).toEqual(['FlagOverridesFile medium']);
    expect(causes(withRecords(onlinePod(at(4)), installed(inspected)))).not.toContain(
      'FlagOverridesFile medium',
    );
  });

  it('does not take a file that the running kubelet has not read for its setting', () => {
    const record = looked();
    const informed = withRecords(onlinePod(at(0)), installed(withDrift(record, aPendingFile())));
    expect(informed.facts.kubelet?.place).toBeUndefined();
    expect(informed.notes.map(({ text }) => text).join(' ')).not.toContain('resolvConf of the kubelet');
  });

  it.each([
    ['the kubelet was started since', onlinePod(at(4)), looked()],
    ['the start of the kubelet is not known', onlinePod(undefined), looked()],
  ])('is evidence of its time alone if %s', (_name, pod, record) => {
    const informed = withRecords(pod, installed(record));
    expect(informed.facts).toEqual(pod.facts);
    expect(informed.notes).toEqual([
      {
        source: `DNSRemediation node-1-incident, ${isoAt(3)}`,
        text: expect.stringContaining(
          `was /etc/resolv.conf, set by --resolv-conf in ${ENV}:3. /etc/resolv.conf: 127.0.0.53 (stub).`,
        ),
      },
    ]);
  });

  it('is of another node if its UID is another one', () => {
    const pod = onlinePod(at(0));
    expect(withRecords(pod, installed(looked('uid-of-another')))).toMatchObject({
      facts: pod.facts,
      notes: [],
    });
  });

  it('does not say where the value is from if the kubelet uses another one', () => {
    const pod = onlinePod(at(0));
    const other = {
      ...pod,
      facts: { ...pod.facts, kubelet: { running: { value: UPLINK, source: 'configz' } } },
    };
    expect(withRecords(other, installed(looked())).facts.kubelet?.place).toBeUndefined();
  });

  it.each([
    ['newer than the kubelet and the pod', at(5), at(1), true],
    ['older than the pod', at(5), at(7), false],
    ['older than the kubelet', at(7), at(1), false],
  ])('shows what a new pod is given by a check that is %s', (_name, started, createdAt, isShown) => {
    const record = aRemediation({
      status: aStatus({
        steps: [{ name: 'Prove', startedAt: isoAt(6) }],
        proof: aProofReport({
          resolvConf: { path: '/etc/resolv.conf', class: 'ok', nameservers: ['192.0.2.1'] },
        }),
      }),
    });
    const { facts } = withRecords(onlinePod(started, { pod: aPod({ createdAt }) }), installed(record));
    expect(facts.newPodResolvConf?.text).toBe(isShown ? 'nameserver 192.0.2.1\n' : undefined);
  });

  it('keeps the line of a crash whose log is gone', () => {
    const record = looked();
    const pod = onlinePod(at(0));
    const { log: _log, ...facts } = pod.facts;
    const { container } = aPod();
    const death = {
      ...(container?.death as NonNullable<NonNullable<typeof container>['death']>),
      finishedAt: at(0),
    };
    const sick = aPod({
      name: 'coredns-sick',
      container: { ...(container as NonNullable<typeof container>), death },
    });
    expect(withRecords({ ...pod, facts: { ...facts, pod: sick } }, installed(record)).facts.log).toContain(
      'Loop (127.0.0.1:38718 -> :53)',
    );
  });
});

describe('the record of a drift', () => {
  it.each([
    ['the kubelet was not started since the check', at(-50), 'nameserver 127.0.0.53\n'],
    ['the kubelet was started since the check', at(50), undefined],
  ])('shows what a new pod is given only if %s', (_name, started, text) => {
    const pod = onlinePod(started, { pod: aPod({ createdAt: at(-100) }) });
    const { facts, notes } = withRecords(pod, installed(withDrift(aRemediation())));
    expect(facts.newPodResolvConf?.text).toBe(text);
    expect(notes.map((note) => note.text)).toEqual([
      'A new pod on node node-1 is given 127.0.0.53, which leads back to CoreDNS itself.',
    ]);
  });
});

describe('the record that the operator has of this pod', () => {
  const viewOf = (record: Remediation) => {
    const pod = onlinePod(at(0));
    const on = { ...pod, facts: { ...pod.facts, pod: aPod({ node: 'node-1' }) } };
    return operatorView(on, examine(aCase()).findings, installed(record)).record?.name;
  };
  const drift = (phase: Phase, changes: Partial<Remediation> = {}): Remediation =>
    withDrift(aRemediation({ status: aStatus({ phase, finishedAt: isoAt(9) }), ...changes }));

  it.each([
    ['the refused repair of a drift, which was about no pod', drift('Refused'), 'node-1-incident'],
    ['one that runs', drift('Repairing'), 'node-1-incident'],
    ['not a drift that was healed', drift('Healed'), undefined],
    ['not one that was acknowledged', drift('Refused', { acknowledged: true }), undefined],
  ])('is %s', (_name, record, shown) => {
    expect(viewOf(record)).toBe(shown);
  });
});

describe('what kubeadm declares', () => {
  it('is compared with the value of the running kubelet', () => {
    expect(withDeclared(onlinePod(at(0)), declared).notes[0]).toMatchObject({
      source: declared.source,
      text: expect.stringContaining(
        `declares resolvConf: ${UPLINK}, but the kubelet of node7 uses /etc/resolv.conf.`,
      ),
    });
    expect(withDeclared(onlinePod(at(0)), { ...declared, value: '/etc/resolv.conf' }).notes).toEqual([]);
  });
});

describe('what the prober has heard', () => {
  const policy = (askedAt: number, message: string) =>
    parsePolicy({
      metadata: { name: 'coredns', uid: 'policy-1', creationTimestamp: isoAt(-100) },
      status: {
        prober: {
          intervalSeconds: 30,
          askedAt: new Date(askedAt).toISOString(),
          service: 'Answers',
          notAskable: 0,
        },
        conditions: [
          {
            type: 'Healthy',
            status: 'False',
            reason: 'PodsDoNotAnswer',
            message,
            lastTransitionTime: isoAt(0),
          },
        ],
      },
    });
  const heard = (askedAt: number, message: string, change: Partial<Case> = {}) =>
    withProber(
      onlinePod(at(0), { pod: running(), ...change }),
      { kind: 'installed', remediations: [], policies: [policy(askedAt, message)] },
      at(10),
    );
  const NAMED = 'coredns-abc does not answer for external names.';

  it('stands for the answers of a pod that could not be asked', () => {
    const { log: _log, ...pod } = heard(at(5), NAMED).facts;
    expect(podState({ facts: pod, unanswered: NAMED }, { findings: [] })).toBe('unexplained');
    expect(podState({ facts: pod }, { findings: [] })).toBe('well');
    expect(heard(at(5), NAMED).unanswered).toBe(NAMED);
  });
  it.each<readonly [string, GatheredPod]>([
    ['the pod was asked from here', heard(at(5), NAMED, { answers: [] })],
    ['the operator does not ask any more', heard(at(-1000), NAMED)],
  ])('is evidence alone if %s', (_name, pod) => {
    expect(pod.unanswered).toBeUndefined();
    expect(pod.notes.map(({ text }) => text)).toEqual([NAMED]);
  });
  it('is of no pod whose name only begins alike', () => {
    expect(heard(at(5), 'coredns-abcd does not answer.').notes).toEqual([]);
  });
  it('holds the answers that an open incident began with', () => {
    const record = withLateLoop(aRemediation(), aLateLoop({ pod: { name: 'coredns-abc', uid: 'u' } }));
    const pod = withProber(onlinePod(at(0), { pod: running() }), installed(record), at(10));
    expect(pod.facts.answers).toEqual([
      { name: 'x.invalid', scope: 'External', protocol: 'UDP', result: 'REFUSED', ok: false, ms: 2 },
    ]);
  });
});
