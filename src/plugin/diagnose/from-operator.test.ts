import { describe, expect, it } from 'vitest';
import {
  aLateLoop,
  aProofReport,
  aRemediation,
  aRepairReport,
  aStatus,
  at,
  isoAt,
  withLateLoop,
} from '../../../test/support/objects/builders.ts';
import type { Case } from '../../diagnosis/case.ts';
import { examine } from '../../diagnosis/examine.ts';
import { aCase, aPod, running, UPLINK } from '../../diagnosis/testing/a-case.ts';
import { parsePolicy } from '../../observe/custom-resources.ts';
import type { Remediation } from '../../remediation/world.ts';
import { withDeclared } from './declared-kubelet.ts';
import { withProber } from './from-prober.ts';
import { withRecords } from './from-records.ts';
import type { GatheredPod, OperatorKnowledge } from './gathered.ts';
import { podState } from './pod-state.ts';

const ENV = '/etc/kubernetes/kubelet.env';

/** As it is known online: not what the files of the node say. */
function onlinePod(kubeletStartedAt: number | undefined, change: Partial<Case> = {}): GatheredPod {
  const { newPodResolvConf: _next, sandboxResolvConf: _given, kubelet: _kubelet, ...rest } = aCase(change);
  const { kubeletStartedAt: _at, ...node } = aCase().node ?? {
    name: '',
    addresses: [],
    osImage: '',
    kubeletVersion: '',
    labels: {},
    annotations: {},
  };
  const facts: Case = {
    ...rest,
    hostFiles: [],
    kubelet: { running: { value: '/etc/resolv.conf', source: 'configz of node7' } },
    node: { ...node, ...(kubeletStartedAt !== undefined && { kubeletStartedAt }) },
  };
  return {
    facts,
    node: {
      uid: 'uid-of-node-1',
      facts: aCase().node as NonNullable<Case['node']>,
      kernel: '',
      runtime: '',
      isExcluded: false,
    },
    notes: [],
    missing: [],
  };
}

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
