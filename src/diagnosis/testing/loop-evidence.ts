/** What the operator has read of a repairable loop, and other last words of older releases. */
import type { Evidence } from '../evidence.ts';
import { loopLine } from './a-case.ts';

export const COREFILE = '.:53 {\n errors\n forward . /etc/resolv.conf\n loop\n}\n';
export const LOOPBACK = loopLine('127.0.0.1:38718');
export const OLD = '[FATAL] plugin/loop: Forwarding loop detected in "." zone. Exiting. See';
export const OLDEST = '[FATAL] plugin/loop: Seen "HINFO IN 11.22." more than twice, loop detected';

/** The repairable incident, with changes. */
export function evidence(change: {
  readonly log?: string;
  readonly livedMs?: number;
  readonly exitCode?: number;
  readonly reason?: string;
  readonly corefile?: string | null;
  readonly pod?: Partial<Evidence['pod']>;
}): Evidence {
  const { log = LOOPBACK, livedMs = 1000, exitCode = 1, reason = 'Error', pod = {} } = change;
  const { corefile = COREFILE } = change;
  return {
    death: { exitCode, reason, startedAt: 1_000_000, finishedAt: 1_000_000 + livedMs },
    log,
    ...(corefile === null ? {} : { corefile }),
    pod: {
      ips: ['10.244.0.7', 'fd00::7'],
      hostNetwork: false,
      dnsPolicy: 'Default',
      dnsConfigNameservers: [],
      ...pod,
    },
    clusterDNS: ['10.96.0.10'],
  };
}
