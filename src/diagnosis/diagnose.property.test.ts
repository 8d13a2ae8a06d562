/** What no log may ever lead to: a repair without every condition, or a diagnosis that a client has written. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diagnose } from './diagnose.ts';
import { loopLine } from './testing/a-case.ts';
import { COREFILE, evidence, LOOPBACK, OLD } from './testing/loop-evidence.ts';

/** Lines as a client can cause them, with names escaped or not. */
const clientLine = fc
  .tuple(
    fc.constantFrom('[INFO] 10.0.0.1:5 - 7 "A IN ', '[ERROR] plugin/errors: 2 ', '[INFO] ', '[WARNING] '),
    fc.oneof(fc.string({ maxLength: 30 }), fc.constantFrom(LOOPBACK, OLD, 'CoreDNS-1.2.0.')),
    fc.constantFrom('. udp 62 false 512" NOERROR', '. A: read udp', ''),
  )
  .map((parts) => parts.join('').replace(/[\r\n]/g, ' '))
  // These lines are about the state of the server and are its own, so they may count.
  .filter((line) => !/SIGTERM|lameduck|Kubernetes API|exceeded maximum|refused$|timeout/.test(line));

describe('for any log', () => {
  it('finds no loop without the anchored line', () => {
    fc.assert(
      fc.property(fc.array(clientLine), (lines) => {
        expect(diagnose(evidence({ log: lines.join('\n') })).kind).toBe('crash');
      }),
    );
  });

  it('never changes the diagnosis because of earlier lines', () => {
    const ending = fc.constantFrom(
      LOOPBACK,
      loopLine('172.31.0.2:1'),
      loopLine('127.0.0.1:1', ':53', 'corp.example.'),
      OLD,
      'plugin/forward: no nameservers found',
      "/etc/coredns/Corefile:10 - Error during parsing: Unknown directive 'proxy'",
      'Listen: listen tcp :53: bind: address already in use',
    );
    fc.assert(
      fc.property(fc.array(clientLine), ending, (lines, end) => {
        const alone = diagnose(evidence({ log: end }));
        expect(diagnose(evidence({ log: [...lines, end].join('\n') }))).toEqual(alone);
      }),
    );
  });

  it('repairs only if every condition holds', () => {
    const flag = fc.boolean();
    fc.assert(
      fc.property(
        fc.record({
          loopback: flag,
          root: flag,
          port: flag,
          file: flag,
          host: flag,
          policy: flag,
          config: flag,
        }),
        (is) => {
          const { remedy } = diagnose(
            evidence({
              log: loopLine(
                is.loopback ? '127.0.0.1:1' : '10.9.9.9:1',
                is.port ? ':53' : ':1053',
                is.root ? '.' : 'a.',
              ),
              corefile: is.file ? COREFILE : '. {\n forward . 8.8.8.8\n}',
              pod: {
                hostNetwork: is.host,
                dnsPolicy: is.policy ? 'Default' : 'ClusterFirst',
                dnsConfigNameservers: is.config ? ['10.1.1.1'] : [],
              },
            }),
          );
          const all = is.loopback && is.root && is.port && is.file && !is.host && is.policy && !is.config;
          expect(remedy.kind).toBe(all ? 'repair' : 'advice');
        },
      ),
      { numRuns: 500 },
    );
  });
});
