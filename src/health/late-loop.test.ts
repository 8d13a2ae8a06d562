import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RESOLV_CONF_CLASSES } from '../api/agent-report.ts';
import type { Case, CaseAnswer } from '../diagnosis/case.ts';
import { aCase, COREFILE, file, running } from '../diagnosis/testing/a-case.ts';
import { explain, isWorthACheck, provesLateLoop } from './late-loop.ts';

const NO_LOOP = COREFILE.replace('    loop\n', '');
const corefile = (text: string) => ({ corefile: { text, source: 'ConfigMap kube-system/coredns' } });
const answer = (scope: CaseAnswer['scope'], ok: boolean): readonly CaseAnswer[] =>
  (['UDP', 'TCP'] as const).map((protocol) => ({
    name: 'x',
    scope,
    protocol,
    result: ok ? 'NXDOMAIN' : 'REFUSED',
    ok,
    ms: 1,
  }));
const onlyCluster = [...answer('Cluster', true), ...answer('External', false)];
const all = [...answer('Cluster', true), ...answer('External', true)];
const sibling = (answers: readonly CaseAnswer[]) => [{ pod: 'coredns-def', node: 'node8', answers }];

/** A pod that runs without the loop plugin on a node with the stub, whose sibling answers. */
const late = (change: Partial<Case> = {}): Case => {
  const { sandboxResolvConf: _sandbox, newPodResolvConf: _next, kubelet: _kubelet, ...rest } = aCase();
  const parts = { pod: running(), log: '', hostFiles: [], answers: onlyCluster, siblings: sibling(all) };
  return { ...rest, ...parts, ...corefile(NO_LOOP), ...change };
};

describe('the node of a pod that answers for the cluster only', () => {
  it.each<[boolean, string, Partial<Case>]>([
    [true, 'if its Corefile has no loop plugin and its sibling answers', {}],
    [true, 'if no sibling answers either: all of them may loop', { siblings: sibling(onlyCluster) }],
    [true, 'if it has the plugin and its sibling answers', corefile(COREFILE)],
    [
      false,
      'if it has the plugin and no sibling answers: that is the upstream',
      { ...corefile(COREFILE), siblings: sibling(onlyCluster) },
    ],
    [
      false,
      'if the Corefile names other servers',
      corefile(NO_LOOP.replace('/etc/resolv.conf', '192.0.2.1')),
    ],
    [false, 'if the Corefile cannot be parsed', corefile('.:53 {')],
    [false, 'if the pod runs in the host network', { pod: { ...running(), hostNetwork: true } }],
    [false, 'if its template names servers', { pod: { ...running(), dnsConfigNameservers: ['192.0.2.1'] } }],
  ])('is worth a check: %s, %s', (expected, _why, change) => {
    expect(isWorthACheck(late(change))).toBe(expected);
  });
});

describe('a late loop', () => {
  it.each(RESOLV_CONF_CLASSES)(
    'is proven by a file of class %s only if that leads back to the pod',
    (cls) => {
      expect(provesLateLoop(late(), { class: cls })).toBe(cls === 'stub' || cls === 'loopback');
    },
  );

  it.each<[string, Partial<Case>]>([
    ['the loop plugin would have reported it', corefile(COREFILE)],
    ['a part of the Corefile is imported', corefile(NO_LOOP.replace('    reload\n', '    import more\n'))],
    ['it answers external names', { answers: all }],
    [
      'it does not answer for the cluster',
      { answers: [...answer('Cluster', false), ...answer('External', false)] },
    ],
    ['it was not asked', { answers: [] }],
    ['the Corefile names other servers as well', corefile(NO_LOOP.replace('conf {', 'conf 192.0.2.1 {'))],
  ])('is not proven if %s', (_why, change) => {
    expect(provesLateLoop(late(change), { class: 'stub' })).toBe(false);
  });

  it('is never proven without a file that leads back, whatever else is known', () => {
    const texts = fc.constantFrom(NO_LOOP, COREFILE, '', '.:53 {\n forward . /etc/resolv.conf\n}\n');
    const answers = fc.array(fc.constantFrom(...onlyCluster, ...all), { maxLength: 8 });
    const classes = fc.constantFrom(...RESOLV_CONF_CLASSES);
    fc.assert(
      fc.property(texts, answers, answers, classes, (text, own, others, cls) => {
        const facts = late({ ...corefile(text), answers: own, siblings: sibling(others) });
        const proven = provesLateLoop(facts, { class: cls });
        expect(proven && cls !== 'stub' && cls !== 'loopback').toBe(false);
        expect(proven && own.some(({ scope, ok }) => scope === 'External' && ok)).toBe(false);
      }),
    );
  });
});

describe('what is reported of such a pod', () => {
  it('is the late loop with its file, if that is proven', () => {
    const found = explain(late({ newPodResolvConf: file('a new pod on node7', '127.0.0.53') }), true);
    expect(found).toMatchObject({ cause: 'LateLoop', message: expect.stringContaining('coredns-abc') });
  });

  it('is advice to delete it, if a new pod would be given usable servers', () => {
    const found = explain(
      late({
        ...corefile(COREFILE),
        answers: onlyCluster.map((one) => (one.ok ? one : { ...one, result: 'timeout' })),
        newPodResolvConf: file('a new pod on node7', '192.168.10.1'),
      }),
      false,
    );
    expect(found?.advice).toContain('kubectl -n kube-system delete pod coredns-abc');
  });

  it('is nothing, if all pods fail with a Corefile that has the plugin: the upstream is reported instead', () => {
    expect(explain(late({ ...corefile(COREFILE), siblings: sibling(onlyCluster) }), false)).toBeNull();
  });
});
