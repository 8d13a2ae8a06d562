/** Classifies a log of CoreDNS: a loop and where it comes from, a late loop, or why it is not one. */

import { isFromBefore126, LATE_MS } from '../causes/false-loop.ts';
import { classifyCrash, crashLine } from '../crash.ts';
import { askedItself } from '../crashes/late-loop.ts';
import type { CrashCause, Death } from '../evidence.ts';
import { isTruncatedLoop, logSpanMs } from '../exam/assumed-death.ts';
import { isSelf, parseIp } from '../ip-address.ts';
import { corednsVersion, plainLines } from '../log-lines.ts';
import { findLoopLine, hostOf, type LoopLine, probedPort } from '../loop-line.ts';
import { isNodeLocalAddress } from '../node-local.ts';
import { unwrapSavedLog } from '../saved-log.ts';
import { type Answer, type Facts, known, listOf, numberOf, type Question, textOf } from './answer.ts';

export function classifyCorednsLog({ text, context }: Question): Answer {
  const log = unwrapSavedLog(text);
  const lines = plainLines(log);
  const version = corednsVersion(lines) ?? null;
  const found = findLoopLine(log);
  if (found) {
    const from = found.from ?? null;
    return known({
      class: 'loop',
      from,
      to: found.to ?? null,
      zone: found.zone,
      coredns_version: version,
      confidence: confidenceOf(found, log, context),
      cause: causeOf(found, context),
      note: noteOn(found, lines),
    });
  }
  const truncated = lines.findLast(isTruncatedLoop);
  if (truncated !== undefined) return truncatedLoop(truncated, version, context);
  return withoutLoopLine(log, lines, version, context);
}

/** Before 1.3.1 the line has no address; before 1.2.6 a silent upstream server looks the same, some seconds after the start. */
function confidenceOf(found: LoopLine, log: string, context: Facts): 'high' | 'medium' | 'low' {
  if (found.from !== undefined && parseIp(found.from)) return 'high';
  const livedMs = numberOf(context, 'livedMs') ?? logSpanMs(log) ?? 0;
  return isFromBefore126(found.corednsVersion, found.line) && livedMs >= LATE_MS ? 'low' : 'medium';
}

type LoopOrigin = 'loopback' | 'self-ip' | 'peer' | 'nodelocal' | 'unknown';

function causeOf({ from, to }: Pick<LoopLine, 'from' | 'to'>, context: Facts): LoopOrigin {
  const address = parseIp(from ?? '');
  if (!address) return 'unknown';
  if (isSelf(address)) return 'loopback';
  const own = listOf(context, 'podIP', 'podIPs', 'pod_ip').some(
    (ip) => parseIp(ip)?.canonical === address.canonical,
  );
  if (own) return 'self-ip';
  if (isNodeLocalAddress(from ?? '')) return 'nodelocal';
  if (parseIp(hostOf(to ?? ''))?.canonical !== address.canonical) return 'peer';
  // With `bind`, the address that the probe went to is an own one.
  return address.canonical.startsWith('169.254.') ? 'nodelocal' : 'self-ip';
}

function noteOn(found: LoopLine, lines: readonly string[]): string | undefined {
  const port = probedPort(found);
  if (port !== undefined && port !== 53)
    return `the probe went to port ${port}, which no nameserver line leads to: a fault of the Corefile`;
  const at = lines.indexOf(found.line);
  if (lines.slice(0, at).includes('[INFO] Reloading complete'))
    return 'follows a change of the Corefile: suspect the Corefile first';
  return found.from === undefined
    ? 'this release does not log the address that the query came back from'
    : undefined;
}

function truncatedLoop(line: string, version: string | null, context: Facts): Answer {
  const [, from, to] = /Loop \((\S+) -> (\S*)\)/.exec(line) ?? [];
  const address = from === undefined ? undefined : hostOf(from);
  return {
    class: 'loop',
    from: address ?? null,
    to: to ?? null,
    zone: null,
    coredns_version: version,
    confidence: 'medium',
    cause: causeOf(
      { ...(address !== undefined && { from: address }), ...(to !== undefined && { to }) },
      context,
    ),
    note: 'the line is cut off before the zone',
  };
}

const LATE_NOTE = 'also plain overload: needs a second proof';

function withoutLoopLine(
  log: string,
  lines: readonly string[],
  version: string | null,
  context: Facts,
): Answer {
  const death: Death = {
    exitCode: numberOf(context, 'exitCode') ?? 1,
    reason: textOf(context, 'reason') ?? 'Error',
    startedAt: 0,
    finishedAt: numberOf(context, 'livedMs') ?? 0,
  };
  const { cause } = classifyCrash(death, log);
  if (cause === 'LateLoop') {
    const isCertain = lines.some((line) => askedItself(line) !== null);
    return known({
      class: 'late-loop',
      coredns_version: version,
      confidence: isCertain ? 'high' : 'low',
      note: isCertain ? undefined : LATE_NOTE,
    });
  }
  return known({
    class: 'not-loop',
    reason: reasonOf(cause, lines),
    coredns_version: version ?? undefined,
    note: lines.some((line) => STUB_REFUSED.test(line))
      ? 'the stub of the node was given to the pod, but it does not loop: the resolvConf is wrong nevertheless'
      : undefined,
  });
}

/** A nameserver on loopback where CoreDNS itself does not listen. */
const STUB_REFUSED = /^\[ERROR\] .*->127\.\d+\.\d+\.\d+:53: read: connection refused$/;

/** By the line, where the cause of a crash says less. */
function reasonOf(cause: CrashCause, lines: readonly string[]): string {
  const line = crashLine(cause, lines) ?? '';
  switch (cause) {
    case 'BindFailed':
      if (line.includes('permission denied')) return 'bind-permission';
      return line.includes('address already in use') ? 'bind-in-use' : 'bind-failed';
    case 'UnknownCrash':
      return lines.some((text) => /plugin\/loop/.test(text)) ? 'spoof' : 'unknown';
    default:
      return kebab(cause);
  }
}

const kebab = (cause: string): string => cause.replace(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase();
