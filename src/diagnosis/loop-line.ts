/** Finds the log line with which CoreDNS's loop plugin ends the process. First step of a diagnosis. */
import { parseIp } from './ip-address.ts';
import { corednsVersion, plainLines } from './log-lines.ts';

export interface LoopLine {
  readonly line: string;
  /** The address from which the probe came back, without port and brackets. Absent before 1.3.1. */
  readonly from?: string;
  /** `[listen address]:port` to which the probe was sent, as written. */
  readonly to?: string;
  /** With the final dot. */
  readonly zone: string;
  readonly corednsVersion?: string;
}

/** The limit of `sighting.line` in the API. */
const MAX_LINE = 1024;

/**
 * Each wording up to the last part that is needed: people and log shippers cut off the rest.
 * 1.2.1 to 1.2.2, 1.2.3 to 1.3.0, and from 1.3.1 on.
 */
const SEEN = /^\[FATAL\] plugin\/loop: Seen "HINFO IN (\S+)" more than twice/;
const FORWARDING = /^\[FATAL\] plugin\/loop: Forwarding loop detected in "([^"\s]+)" zone/;
const LOOP = /^\[FATAL\] plugin\/loop: Loop \((\S+) -> (\S*)\) detected for zone "([^"\s]+)"/;

/** The last such line counts, because it ended the process. */
export function findLoopLine(log: string): LoopLine | null {
  const lines = plainLines(log);
  const last = lines.map(parseLoopLine).findLast((found) => found !== null);
  if (!last) return null;
  const version = corednsVersion(lines);
  return { ...last, ...(version && { corednsVersion: version }) };
}

function parseLoopLine(line: string): LoopLine | null {
  const kept = line.slice(0, MAX_LINE);
  const loop = LOOP.exec(kept);
  if (loop) {
    const [, from = '', to = '', zone = ''] = loop;
    return { line: kept, from: hostOf(from), to, zone: absolute(zone) };
  }
  const forwarding = FORWARDING.exec(kept);
  if (forwarding) return { line: kept, zone: absolute(forwarding[1] ?? '') };
  const seen = SEEN.exec(kept);
  // The name that the plugin asks for is two random numbers before the zone.
  if (seen) return { line: kept, zone: absolute((seen[1] ?? '').replace(/^\d+\.\d+\.?/, '')) };
  return null;
}

function absolute(zone: string): string {
  return zone.endsWith('.') ? zone : `${zone}.`;
}

/** Without port and brackets. */
export function hostOf(endpoint: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(endpoint)?.[1];
  if (bracketed !== undefined) return bracketed;
  // A bare IPv6 address has no port to strip.
  return parseIp(endpoint) ? endpoint : endpoint.replace(/:\d+$/, '');
}

/** The port that the probe was sent to, if the line names one. */
export function probedPort(line: LoopLine): number | undefined {
  const port = /:(\d{1,5})$/.exec(line.to ?? '')?.[1];
  return port === undefined ? undefined : Number(port);
}
