/** The requests of a user over time, from the apiserver's audit log: how many of which kind, and how many at most in a second. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Apiserver } from '../support/apiserver/apiserver.ts';

/** A part of the log: times in epoch milliseconds, and a place in the file before it, by `auditMark`. */
interface Part {
  readonly mark: number;
  readonly from: number;
  readonly to: number;
}

export interface RequestRate {
  readonly seconds: number;
  readonly total: number;
  /** By verb and resource, such as "patch nodes/status"; a watch is counted once, when it is opened. */
  readonly byKind: ReadonlyMap<string, number>;
  /** The highest number of requests in any window of so many seconds, wherever it begins, per second. */
  highest(windowSeconds: number): number;
}

interface AuditEvent {
  readonly auditID: string;
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly requestReceivedTimestamp: string;
  readonly objectRef?: { readonly resource?: string; readonly subresource?: string };
}

export async function requestRate(server: Apiserver, user: string, part: Part): Promise<RequestRate> {
  const seen = new Set<string>();
  const byKind = new Map<string, number>();
  const times: number[] = [];
  const input = createReadStream(server.auditLogPath, { start: part.mark });
  for await (const line of createInterface({ input })) {
    // The last line may be incomplete; it belongs to another part.
    if (!line.includes(`"${user}"`) || !line.endsWith('}')) continue;
    const event: AuditEvent = JSON.parse(line);
    const at = Date.parse(event.requestReceivedTimestamp);
    // A watch has two events, one at its start and one at its end.
    if (event.user.username !== user || seen.has(event.auditID) || at < part.from || at > part.to) continue;
    seen.add(event.auditID);
    times.push(at);
    const { resource = 'other', subresource } = event.objectRef ?? {};
    const kind = `${event.verb} ${subresource === undefined ? resource : `${resource}/${subresource}`}`;
    byKind.set(kind, (byKind.get(kind) ?? 0) + 1);
  }
  times.sort((a, b) => a - b);
  return {
    seconds: (part.to - part.from) / 1000,
    total: times.length,
    byKind,
    highest: (windowSeconds) => highestIn(times, windowSeconds * 1000) / windowSeconds,
  };
}

function highestIn(times: readonly number[], windowMs: number): number {
  let first = 0;
  return times.reduce((highest, at, index) => {
    while ((times[first] ?? at) <= at - windowMs) first += 1;
    return Math.max(highest, index - first + 1);
  }, 0);
}
