import { describe, expect, it } from 'vitest';
import { aRemediation, aStatus, at, isoAt, withSighting } from '../../../test/support/objects/builders.ts';
import { fakeKube } from '../../../test/support/objects/fake-kube.ts';
import { runPlugin } from '../../../test/support/objects/run-plugin.ts';
import type { RemediationStatus } from '../../api/remediation.ts';
import type { Remediation } from '../../remediation/world.ts';

const raw = ({ name, uid, createdAt, spec, status }: Remediation) => ({
  metadata: { name, uid, creationTimestamp: new Date(createdAt).toISOString() },
  spec,
  status,
});
const healed = aRemediation({
  name: 'node-1-healed',
  status: aStatus({ phase: 'Healed', reason: 'Verified', finishedAt: isoAt(12) }),
});
const later = withSighting(
  aRemediation({ name: 'node-2-later', node: 'node-2', status: aStatus({ phase: 'Repairing' }) }),
  { diedAt: isoAt(60) },
);
const records = [raw(healed), raw(later)];
const REWRITTEN: RemediationStatus['rewrittenBy'] = [
  { explanation: 'KubesprayRun', confidence: 'high', evidence: [], change: [] },
  { explanation: 'Person', confidence: 'low', evidence: [], change: [] },
];
const cluster = (items: readonly object[] = records) =>
  fakeKube({ '/apis/dnshealth.io/v1alpha1/dnsremediations': { items } });
const history = async (args = '', items?: readonly object[]) =>
  runPlugin(`history ${args}`, { cluster: cluster(items), now: () => at(100) });

describe('history', () => {
  it('lists the incidents of all nodes, the latest first', async () => {
    const { code, out } = await history();
    expect(code).toBe(0);
    expect(out).toBe(
      [
        'NAME            NODE     CAUSE               TRIGGER   PHASE       REASON     BEGAN                      TOOK',
        `node-2-later    node-2   KubeletResolvConf   Crash     Repairing   <none>     ${isoAt(60)}   40s so far`,
        `node-1-healed   node-1   KubeletResolvConf   Crash     Healed      Verified   ${isoAt(0)}   12s`,
        '',
      ].join('\n'),
    );
  });

  it('lists those of one node', async () => {
    expect((await history('node-1')).out).not.toContain('node-2');
    expect(await history('node-9')).toEqual({
      code: 0,
      out: 'No incidents of node node-9 are recorded.\n',
      err: '',
    });
  });

  it('shows with -o wide what may have written the value again, and how many pods keep the old one', async () => {
    const otherPods = { total: 2, pods: [], message: 'They keep it.' };
    const again = aRemediation({
      status: aStatus({ phase: 'Healed', finishedAt: isoAt(12), rewrittenBy: REWRITTEN, otherPods }),
    });
    const { out } = await history('-o wide', [raw(again), raw(later)]);
    const [header = '', second = '', first = ''] = out.split('\n');
    const cell = (line: string, title: string) => line.slice(header.indexOf(title)).split('   ')[0];
    expect(cell(first, 'REWRITTEN BY')).toBe('KubesprayRun (high), Person (low)');
    expect(cell(first, 'OTHER PODS')).toBe('2');
    expect(cell(second, 'OTHER PODS')).toBe('<none>');
    expect((await history()).out).not.toContain('REWRITTEN BY');
  });

  it('shows with -o wide who approved a repair, and which rollback has undone it', async () => {
    const approval = { hash: 'first', by: 'anna', at: isoAt(5) };
    const undone = aRemediation({
      status: aStatus({ phase: 'Healed', finishedAt: isoAt(12), approval, rolledBackBy: 'node-1-back' }),
    });
    const [header = '', row = ''] = (await history('-o wide', [raw(undone)])).out.split('\n');
    const cell = (title: string) => row.slice(header.indexOf(title)).split('   ')[0];
    expect([cell('PHASE'), cell('APPROVED BY'), cell('ROLLED BACK BY'), cell('ASKED BY')]).toEqual([
      'Healed (rolled back)',
      'anna',
      'node-1-back',
      '<none>',
    ]);
  });

  it('says that there are none', async () => {
    expect((await history('', [])).out).toBe('No incidents are recorded.\n');
  });

  it('has stable names for scripts', async () => {
    const { out } = await history('node-1 -o json');
    expect(JSON.parse(out)).toEqual({
      incidents: [
        {
          name: 'node-1-healed',
          node: 'node-1',
          policy: healed.spec.policy.name,
          cause: 'KubeletResolvConf',
          trigger: 'Crash',
          phase: 'Healed',
          reason: 'Verified',
          message: null,
          advice: null,
          began: isoAt(0),
          ended: isoAt(12),
          seconds: 12,
          waitingSince: null,
          acknowledged: false,
          plan: null,
          approvedBy: null,
          askedBy: null,
          rolledBackBy: null,
          interference: [],
          rewrittenBy: [],
          otherPods: null,
        },
      ],
    });
    expect((await history('node-1 -o yaml')).out).toMatch(/^incidents:\n {2}- name: node-1-healed\n/);
  });

  it('needs the operator', async () => {
    const { code, err } = await runPlugin('history');
    expect([code, err]).toEqual([2, expect.stringContaining('error: the operator is not installed')]);
  });
});
