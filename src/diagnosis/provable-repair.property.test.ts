/** Any Corefile: a kubelet is changed only if queries for "." provably end at the resolv.conf that it writes. */
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { diagnose } from './diagnose.ts';

const LOOP =
  '[FATAL] plugin/loop: Loop (127.0.0.1:38718 -> :53) detected for zone ".", see https://coredns.io/plugins/loop#troubleshooting. Query: "HINFO 11.22."';

/** The remedy for a loop that everything but the Corefile attributes to the kubelet. */
const remedyWith = (corefile: string) =>
  diagnose({
    death: { exitCode: 1, reason: 'Error', startedAt: 0, finishedAt: 1000 },
    log: LOOP,
    corefile,
    pod: { ips: ['10.244.0.7'], hostNetwork: false, dnsPolicy: 'Default', dnsConfigNameservers: [] },
    clusterDNS: ['10.96.0.10'],
  }).remedy.kind;

it('repairs only if "." provably ends at the resolv.conf of the pod', () => {
  /** What a root block may forward to, and whether it ends there. `chain` ends where the block on port 5053 does. */
  const upstreams = {
    '/etc/resolv.conf': true,
    '/etc/resolv.conf 192.0.2.1': true,
    '127.0.0.1:5053': 'chain',
    'dns://[::1]:5053': 'chain',
    '/etc/resolv.conf 127.0.0.1:5053': 'file and chain',
    '127.0.0.1:5055': false,
    '/etc/resolv.conf 127.0.0.1:5055': false,
    '127.0.0.1': false,
    '/etc/resolv.conf 10.96.0.10': false,
    '192.0.2.1': false,
    '/etc/other.conf': false,
    '{$UPSTREAM}': false,
    '/etc/resolv.conf {$UPSTREAM}': false,
  } as const;
  const keys = {
    '.': true,
    '.:53': true,
    ':53': true,
    'dns://.:53': true,
    'a.example .': true,
    '.:{$PORT}': 'alone',
    '{$ZONE}:53': false,
    '{$ZONE}': false,
    'a.example': false,
    '.:5055': false,
  } as const;
  const upstream = fc.constantFrom(...(Object.keys(upstreams) as (keyof typeof upstreams)[]));
  fc.assert(
    fc.property(
      fc.record({
        key: fc.constantFrom(...(Object.keys(keys) as (keyof typeof keys)[])),
        plugin: fc.constantFrom('forward', 'proxy'),
        to: fc.option(upstream),
        next: fc.option(upstream),
        imports: fc.subarray(['root', 'top']),
        isFirst: fc.boolean(),
        stub: fc.boolean(),
      }),
      ({ key, plugin, to, next, imports, isFirst, stub }) => {
        const forward = (target: string | null) => (target === null ? '' : ` ${plugin} . ${target}\n`);
        const blocks = [
          `${key} {\n errors\n${forward(to)}${imports.includes('root') ? ' import custom/*.override\n' : ''} loop\n}`,
          ...(next === null ? [] : [`.:5053 {\n${forward(next)}}`]),
          ...(stub ? ['corp.example:53 {\n forward . 127.0.0.1\n}'] : []),
          ...(imports.includes('top') ? ['import custom/*.server'] : []),
        ];
        const corefile = (isFirst ? blocks : blocks.toReversed()).join('\n');
        const served = keys[key] === true || (keys[key] === 'alone' && !imports.includes('top'));
        const ends = to === null ? false : upstreams[to];
        const nextEnds = next !== null && upstreams[next] === true;
        // Beside the file itself, a chain must only not end at CoreDNS or out of sight.
        const isHarmless = nextEnds || next === '192.0.2.1' || next === '/etc/other.conf';
        const reaches = ends === 'chain' ? nextEnds : ends === 'file and chain' ? isHarmless : ends;
        const provable = served && reaches;
        expect(remedyWith(corefile)).toBe(provable ? 'repair' : 'advice');
      },
    ),
    { numRuns: 3000 },
  );
});
