import { describe, expect, it } from 'vitest';
import type { Line } from './page.ts';
import { pageOf } from './page-of.ts';
import { renderHtml } from './render/html.ts';
import { renderMarkdown } from './render/markdown.ts';
import { fittingPage } from './report.ts';
import { aRawRecord, aRecord } from './testing/a-record.ts';
import { ASKED_RECORDS } from './testing/asked-records.ts';
import { HOSTILE } from './testing/hostile.ts';
import { RECORDS } from './testing/records.ts';

const textOf = (line: Line): string =>
  line
    .map((span) => {
      if (typeof span === 'string') return span;
      if ('code' in span) return span.code;
      return 'strong' in span ? span.strong : span.quoted.join(' ');
    })
    .join('');

const CRASHED = 'CoreDNS in coredns-69c67c75fc-7f6r5 on node-1 forwarded queries to itself and crashed';
const STUB = ', because the kubelet gave its pods /etc/resolv.conf with the nameserver 127.0.0.53';
const CHANGED =
  'one line of /etc/kubernetes/kubelet-config.yaml was changed, the kubelet was restarted once, and DNS was verified after 15.3 s. It is over.';

/** By the name of the record: the badge, the sentence, and the values of the four figures. */
const HEADS: Readonly<Record<string, readonly [string, string, readonly string[]]>> = {
  healed: [
    'Healed: it is over',
    `${CRASHED}${STUB}; ${CHANGED}`,
    ['15.3 s', '1 of 2', '1 line on 1 node', 'The new line'],
  ],
  refused: [
    'Refused: needs an administrator',
    `${CRASHED}${STUB}; the operator changed nothing on the node. It is not over: The target /run/systemd/resolve/resolv.conf is of class loopback (127.0.0.1).`,
    ['24 s', '1 of 2', '0 lines on 0 nodes', 'Nothing'],
  ],
  'rolled back': [
    'Rolled back: needs an administrator',
    `${CRASHED}${STUB}; the change was undone, and the kubelet runs with its old configuration. It is not over: The kubelet exited with code 1. The old configuration was restored.`,
    ['24 s', '1 of 2', '1 line on 1 node', 'Nothing'],
  ],
  'undone by the guard': [
    'Rolled back: needs an administrator',
    `${CRASHED}${STUB}; the change was undone, and the kubelet runs with its old configuration. It is not over: The kubelet died within ten seconds.`,
    ['24 s', '1 of 2', '1 line on 1 node', 'Nothing'],
  ],
  'failed and held': [
    'Failed: needs an administrator',
    `${CRASHED}; the repair failed. It is not over: The agent may have changed the node, but it did not report.`,
    ['24 s', '1 of 2', 'Not known', 'A taint'],
  ],
  cancelled: [
    'Cancelled: nothing was repaired',
    `${CRASHED}; the operator repaired nothing: The pod recovered before the repair began.`,
    ['24 s', '1 of 2', '0 lines on 0 nodes', 'Nothing'],
  ],
  'under repair': [
    'Under repair',
    `${CRASHED}; nothing was changed yet. It is not over: the repair is in the phase Repairing.`,
    ['Not over', '1 of 2', '0 lines on 0 nodes', 'A taint'],
  ],
  'waiting to begin': [
    'Waiting to begin',
    `${CRASHED}; nothing was changed yet. It is not over: Waiting: node-2 is being repaired first.`,
    ['Not over', '1 of 2', '0 lines on 0 nodes', 'Nothing'],
  ],
  'waiting for the next attempt': [
    'Waiting for the next attempt',
    `${CRASHED}; nothing was changed yet. It is not over: Attempt 1 ended: no nameserver answers.`,
    ['Not over', '1 of 2', '0 lines on 0 nodes', 'Nothing'],
  ],
  'only the pod was stale': [
    'Healed: it is over',
    `${CRASHED}, because it was given its resolv.conf before the kubelet was configured correctly; the DNS pod was recreated, and DNS was verified after 15.3 s. It is over.`,
    ['15.3 s', '1 of 2', '0 lines on 0 nodes', 'Nothing'],
  ],
  'late loop': [
    'Healed: it is over',
    `CoreDNS in coredns-sick on node-1 forwarded queries to itself and answered for no external name${STUB}; ${CHANGED.replace('15.3', '21.3')}`,
    ['21.3 s', '1 of 2', '1 line on 1 node', 'The new line'],
  ],
  'drift beside a DNS pod that serves': [
    'Healed: it is over',
    `The kubelet of node-1 was found wrong before a DNS pod failed${STUB.replace('the kubelet', 'it')}; one line of /etc/kubernetes/kubelet-config.yaml was changed, the kubelet was restarted once, and DNS was verified after 16.3 s. It is over.`,
    ['16.3 s', '1 of 1', '1 line on 1 node', 'The new line'],
  ],
  'drift that keeps coming back': [
    'Refused: needs an administrator',
    'The kubelet of node-1 was found wrong before a DNS pod failed, because it gave its pods /etc/resolv.conf with the nameserver 127.0.0.53; the operator changed nothing on the node. It is not over: The kubelet of node node-1 was repaired 2 times within the last 24 hours (node-1-a, node-1-b), and it is wrong again. Something on the node writes the wrong value each time.',
    ['5 s', '1 of 1', '0 lines on 0 nodes', 'Nothing'],
  ],
  'file corrected': [
    'Healed: it is over',
    'The kubelet configuration of node-1 was found wrong while the running kubelet was right: /etc/kubernetes/kubelet-config.yaml set resolvConf to /etc/resolv.conf; one line of /etc/kubernetes/kubelet-config.yaml was changed, the kubelet was not restarted. It is over.',
    ['8 s', '1 of 1', '1 line on 1 node', 'The new line'],
  ],
  drift: [
    'Healed: it is over',
    `The kubelet of node-1 was found wrong before a DNS pod failed${STUB.replace('the kubelet', 'it')}; one line of /etc/kubernetes/kubelet-config.yaml was changed, the kubelet was restarted once, and a new pod on the node was given a resolv.conf with which DNS works after 10.4 s. It is over.`,
    ['10.4 s', '1 of 1', '1 line on 1 node', 'The new line'],
  ],
  'planned on demand': [
    'Planned: nothing was changed',
    'anna@example.com asked what a repair would do to node-1; the operator planned a repair and changed nothing: The plan is made.',
    ['25 s', '0 lines on 0 nodes', 'Nothing'],
  ],
  'waiting for an approval': [
    'Waiting for an approval',
    `${CRASHED}; nothing was changed yet. It is not over: The plan waits for an approval.`,
    ['Not over', '1 of 2', '0 lines on 0 nodes', 'Nothing'],
  ],
  rejected: [
    'Rejected: nothing was changed',
    `${CRASHED}; the plan was rejected, and nothing was changed: bob rejected the plan: node is replaced tomorrow.`,
    ['24 s', '1 of 2', '0 lines on 0 nodes', 'Nothing'],
  ],
  expired: [
    'Expired: nobody approved the plan',
    `${CRASHED}; nobody approved the plan in time, and nothing was changed. It is not over: It was not answered.`,
    ['24 s', '1 of 2', '0 lines on 0 nodes', 'Nothing'],
  ],
  'approved, and taken back later': [
    'Healed, and taken back later',
    `${CRASHED}${STUB}; ${CHANGED} It was taken back later, by node-1-back.`,
    ['15.3 s', '1 of 2', '1 line on 1 node', 'Nothing'],
  ],
  'a rollback': [
    'Rolled back, as someone asked',
    'anna@example.com asked to take the repair node-1-dd60e7b3 of node-1 back; the file has its old content again, and the node is left alone from now on. It is over.',
    ['25 s', '1 line on 1 node', 'Nothing'],
  ],
  'of an older version': [
    'Healed: it is over',
    `${CRASHED}${STUB}; ${CHANGED}`,
    ['15.3 s', 'Not recorded', '1 line on 1 node', 'The new line'],
  ],
  bare: [
    'Waiting to begin',
    `${CRASHED}; nothing was changed yet. It is not over: no reason is recorded.`,
    ['Not over', 'Not recorded', '0 lines on 0 nodes', 'Nothing'],
  ],
};

describe('the head of the page', () => {
  it.each(Object.entries(RECORDS))(
    'says what broke, what was done and whether it is over: %s',
    (name, record) => {
      const { badge, sentence, figures } = pageOf(record);
      expect([badge.text, textOf(sentence), figures.map(({ value }) => value)]).toEqual(HEADS[name]);
    },
  );
});

describe('the page of what a person asked or answered', () => {
  const page = (name: string) =>
    renderMarkdown(pageOf(RECORDS[name] ?? aRecord())).split('## Appendix')[0] ?? '';

  it('has the plan, with its diff and who approved it', () => {
    const text = page('approved, and taken back later');
    expect(text).toContain('## The plan');
    expect(text).toContain('+resolvConf: /run/systemd/resolve/resolv.conf');
    expect(text).toMatch(/Answer.*anna@example\.com.* approved this plan at .*11:18:30\.000Z/);
    expect(text).toMatch(/11:18:27\.000Z.*: Someone cordoned/);
    expect(text).toContain('There is nothing to undo on the node.');
    expect(page('waiting for an approval')).toMatch(/Answer.*None yet\./);
    expect(page('expired')).toMatch(/Answer.*Nobody answered in time\./);
    expect(page('rejected')).toMatch(/Answer.*bob rejected the plan: node is replaced tomorrow\./);
  });

  it('has no plan where none was made', () => {
    expect(page('healed')).not.toMatch(/## The plan|## What people did/);
  });

  it('does not speak of a fault where nothing broke', () => {
    expect(page('planned on demand')).not.toMatch(/## Impact|## Cause|## Proofs/);
  });

  it('says of a rollback who asked, why, and how the node is taken in again', () => {
    const text = page('a rollback');
    expect(text).toMatch(/Asked for by.*anna@example\.com/);
    expect(text).toContain('the old resolver is wanted on node-1');
    expect(text).toContain('kubectl label node node-1 dnshealth.io/exclude-');
    expect(text).not.toMatch(/## Impact|## Cause|acknowledge/);
  });
});

describe('the page of a file that was corrected alone', () => {
  const [page = ''] = renderMarkdown(pageOf(RECORDS['file corrected'] ?? aRecord())).split('## Appendix');

  it('does not speak of a restart, of looping pods or of what pods were given', () => {
    expect(
      page.match(/.*(systemctl restart|looping pod|given to pods|A check of the node).*/g) ?? [],
    ).toEqual([]);
  });

  it.each([
    'The running kubelet had not read that value.',
    'The file set resolvConf to `/etc/resolv.conf`.',
    'None is affected: the running kubelet has not read the file.',
    'a DNS pod that is created after the next start of the kubelet would have.',
    'from discovery to the corrected file',
    'Not needed: the kubelet was not restarted.',
    'The running kubelet was right and was not restarted, so DNS was not affected.',
    'DNS pods that are created after the next start of the kubelet will loop',
  ])('says: %s', (sentence) => {
    expect(page).toContain(sentence);
  });
});

describe('the page', () => {
  it.each(Object.entries(RECORDS).filter(([name]) => !(name in ASKED_RECORDS)))(
    'has all sections in their order: %s',
    (_name, record) => {
      expect(pageOf(record).sections.map(({ title }) => title)).toEqual([
        'Impact',
        'Timeline',
        'Cause',
        'The change',
        'Proofs before and after',
        'Why it may come back, and how to stop that',
        'What to do now, and how to undo it',
        'Appendix',
      ]);
    },
  );

  it.each(Object.entries(RECORDS))('never shows what is missing as a value: %s', (_name, record) => {
    const { sections: _sections, ...head } = pageOf(record);
    // What CoreDNS logged of its own.
    for (const rendered of [renderMarkdown(pageOf(record)), JSON.stringify(head)])
      expect(rendered.replace('CPU quota undefined', '')).not.toMatch(
        /undefined|NaN|\[object|Invalid Date|null/,
      );
  });

  it('shows the evidence that only the record has', () => {
    const page = renderHtml(pageOf(RECORDS['healed'] ?? aRecord()));
    for (const part of [
      'coredns-69c67c75fc-ztnpj',
      '8d3c771f-234e-4436-8e1e-f16ce2c1505c',
      'options edns0 trust-ad',
      '<mark>[FATAL] plugin/loop',
      '+resolvConf: &quot;/run/systemd/resolve/resolv.conf&quot;',
      '438f94b7c31e96a157ab85ea6047e7d60a73f534ac76e19f257f8666efff5349',
      '/var/lib/dnshealth/node-1-7051cc67/kubelet-config.yaml.e766444546b1',
      'kube_resolv_conf: /run/systemd/resolve/resolv.conf',
    ])
      expect(page).toContain(part);
  });

  it('does not speak of a failed pod where a node was found wrong before one failed', () => {
    for (const name of ['drift', 'drift beside a DNS pod that serves', 'drift that keeps coming back']) {
      const [page = ''] = renderMarkdown(pageOf(RECORDS[name] ?? aRecord())).split('## Appendix');
      expect(page.match(/.*(looping pod|queries failed|crash|ruled out).*/gi) ?? []).toEqual([]);
      expect(page).not.toContain('No DNS pod served');
      expect(page).toContain('None had failed because of it: the next DNS pod on the node would have.');
      expect(page).toContain('A check found that the kubelet of node-1');
    }
  });

  it('shows what an inspection found on a node that was left alone', () => {
    const page = renderMarkdown(pageOf(RECORDS['drift that keeps coming back'] ?? aRecord()));
    expect(page).toContain('The agent inspected the node, and changed nothing: A repair would change');
    expect(page).toContain(
      '| `/etc/kubernetes/kubelet-config.yaml:34` | The kubelet was set to `/etc/resolv.conf`. |',
    );
    expect(page).toContain('(what a repair would set)');
  });

  it('compares with what came after only where something did', () => {
    const captionOf = (name: string) =>
      /^A new pod on the node, .*:$/m.exec(renderMarkdown(pageOf(RECORDS[name] ?? aRecord())))?.[0];
    expect(captionOf('drift')).toBe('A new pod on the node, a healthy one, and what came after:');
    expect(captionOf('drift that keeps coming back')).toBe('A new pod on the node, and a healthy one:');
  });

  it('marks a pause between two entries of the timeline that is longer than five seconds', () => {
    const late = aRecord({ status: { finishedAt: '2026-11-26T11:19:00.000Z' } });
    expect(renderHtml(pageOf(late))).toContain('<strong>After a pause of 21.9 s.</strong> Healed:');
    expect(renderHtml(pageOf(aRecord())).match(/After a pause of [\d.]+ s/g)).toEqual([
      'After a pause of 5.3 s',
    ]);
  });

  it('gives no duration where the clocks of node and operator contradict each other', () => {
    const { sighting } = aRawRecord().spec as { readonly sighting?: object };
    const page = pageOf(aRecord({ spec: { sighting: { ...sighting, diedAt: '2026-11-26T12:00:00.000Z' } } }));
    expect(JSON.stringify(page.figures)).not.toMatch(/-\d/);
  });

  it('quotes what a shell would take for a command', () => {
    const record = aRecord({
      status: {
        repair: {
          ...aRawRecord().status.repair,
          change: { ...aRawRecord().status.repair?.change, backup: "/x'; reboot; '", path: '/y $(reboot)' },
        },
      },
    });
    const commands = pageOf(record).sections.flatMap(({ blocks }) =>
      blocks.flatMap((block) => (block.kind === 'paste' ? block.lines : [])),
    );
    expect(commands).toContain(String.raw`cat '/x'\''; reboot; '\''' > '/y $(reboot)'`);
  });

  it('stays below 200 KiB with 200 hostile lines in the log and everywhere else', () => {
    const line = HOSTILE.join(' ').repeat(3).slice(0, 1000);
    const raw = aRawRecord();
    const long = '\u0001<&"\'`|'.repeat(2000);
    const record = aRecord({
      spec: { evidence: { ...raw.spec.evidence, log: Array.from({ length: 200 }, () => line) } },
      status: {
        message: long,
        advice: long,
        recurrence: Array.from({ length: 200 }, () => ({ source: line, advice: long })),
        deletedPods: Array.from({ length: 2000 }, () => ({ name: line, uid: line })),
      },
    });
    for (const render of [renderHtml, renderMarkdown])
      expect(Buffer.byteLength(render(fittingPage(record, render)))).toBeLessThan(200 * 1024);
  });
});

it('says what may have brought the wrong value back, with the lines to change there', () => {
  const record = aRecord({
    status: {
      rewrittenBy: [
        {
          explanation: 'KubesprayRun',
          confidence: 'high',
          evidence: ['/etc/kubernetes/kubelet.env was changed within a minute of it.'],
          change: ['kube_resolv_conf: /run/systemd/resolve/resolv.conf'],
        },
      ],
    },
  });
  const text = renderMarkdown(pageOf(record));
  expect(text).toContain(
    '**KubesprayRun** may have changed it (high confidence). /etc/kubernetes/kubelet.env was changed',
  );
  expect(text).toContain('kube_resolv_conf: /run/systemd/resolve/resolv.conf');
});

it('does not call it an explanation where nothing explains the change', () => {
  const rewrittenBy = [
    {
      explanation: 'Unknown',
      confidence: 'low',
      evidence: ['It was changed at noon.'],
      change: ['ausearch'],
    },
  ];
  const text = renderMarkdown(pageOf(aRecord({ status: { rewrittenBy } })));
  expect(text).toContain('What changed it is not known. It was changed at noon.');
  expect(text).toContain('To find out');
  expect(text).not.toContain('Unknown');
});

it('lists the other pods that keep the resolv.conf of before, with what to do', () => {
  const message = 'One other pod on node node-1 keeps it.';
  const pods = [{ namespace: 'shop', name: 'mailer-1', owner: 'DaemonSet/mailer' }];
  const text = renderMarkdown(pageOf(aRecord({ status: { otherPods: { total: 3, pods, message } } })));
  expect(text).toContain('`shop/mailer-1` (DaemonSet/mailer) and 2 more.');
  expect(text).toContain(message);
});
