/** Rounds in which the leader of three writers is killed, stopped or paused, and what the audit log says of it in the end. */
import { setTimeout as sleep } from 'node:timers/promises';
import { chance } from '../../../src/runtime/testing/election-model.ts';
import { until } from '../../cluster/until.ts';
import type { Apiserver } from '../apiserver/apiserver.ts';
import { auditedWrites } from '../apiserver/audit-log.ts';
import { termsOf, writesOutsideOfTerms } from './terms.ts';
import { type Durations, startWriter, type Writer } from './writers.ts';

export interface RoundsOptions {
  readonly server: Apiserver;
  readonly rounds: number;
  readonly seed: number;
  readonly durations: Durations;
  readonly say?: (line: string) => void;
}

export interface RoundsReport {
  readonly tally: Readonly<Record<'kill' | 'stop' | 'pause', number>>;
  /** Processes that ended otherwise than they should have, with what they said. */
  readonly badEnds: readonly string[];
  readonly terms: number;
  readonly writes: number;
  readonly outsideOfTerms: readonly string[];
  /** Between two writes that succeeded. */
  readonly longestGapMs: number;
}

const LEDGER = '/api/v1/namespaces/default/configmaps';

export async function runRounds(options: RoundsOptions): Promise<RoundsReport> {
  const { server, durations } = options;
  const random = chance(options.seed);
  const tally = { kill: 0, stop: 0, pause: 0 };
  const badEnds: string[] = [];
  let born = 0;
  const start = (): Writer => startWriter(server, `writer-${++born}`, durations);
  await server.call('POST', LEDGER, { metadata: { name: 'ledger' } });
  let writers = [start(), start(), start()];

  /** The one that makes the next write from now on. */
  async function leader(): Promise<Writer> {
    const last = async () => (await server.call('GET', `${LEDGER}/ledger`)).body.metadata.resourceVersion;
    const before = await last();
    return until(
      async () => {
        const { body } = await server.call('GET', `${LEDGER}/ledger`);
        if (body.metadata.resourceVersion === before) return undefined;
        return writers.find(({ name, hasEnded }) => name === body.data?.by && !hasEnded);
      },
      { what: 'somebody to write', timeoutMs: 4 * durations.leaseDurationMs, everyMs: 10 },
    );
  }

  async function expectEnd(writer: Writer, expected: number | string): Promise<void> {
    const code = await writer.ended;
    if (code !== expected)
      badEnds.push(`${writer.name}: ${code} instead of ${expected}: ${writer.lines.slice(-4).join(' ')}`);
  }

  const acts = {
    async kill(writer: Writer): Promise<void> {
      writer.signal('SIGKILL');
      await expectEnd(writer, 'SIGKILL');
    },
    async stop(writer: Writer): Promise<void> {
      writer.signal('SIGTERM');
      await expectEnd(writer, 0);
    },
    /** From too short to be noticed to longer than the lease. */
    async pause(writer: Writer): Promise<void> {
      writer.signal('SIGSTOP');
      await sleep(durations.leaseDurationMs * (0.5 + random() * 0.8));
      writer.signal('SIGCONT');
      // Whether it still leads shows in who writes next; one that does not has to end, and by itself.
      if ((await leader()) !== writer) await expectEnd(writer, 1);
    },
  };

  for (let round = 1; round <= options.rounds; round += 1) {
    const now = await leader();
    await until(() => (writers.some((one) => one !== now && one.competes) ? true : undefined), {
      what: 'a second writer',
      timeoutMs: 30_000,
      everyMs: 10,
    });
    const act = (['kill', 'stop', 'pause'] as const)[Math.floor(random() * 3)] ?? 'kill';
    tally[act] += 1;
    // At any moment between two renewals.
    await sleep(durations.retryPeriodMs * random());
    options.say?.(`round ${round}: ${act} ${now.name}`);
    await acts[act](now);
    writers = writers.map((one) => (one.hasEnded ? start() : one));
  }
  await leader();
  // One that is still starting would die of the signal.
  await until(() => (writers.every(({ competes }) => competes) ? true : undefined), {
    what: 'all writers to compete',
    timeoutMs: 30_000,
  });
  for (const writer of writers) writer.signal('SIGTERM');
  await Promise.all(writers.map(async (writer) => expectEnd(writer, 0)));

  const all = await auditedWrites(server);
  const own = all.filter(({ userAgent }) => userAgent.startsWith('writer-'));
  const terms = termsOf(own, ({ userAgent }) => userAgent);
  const succeeded = own.filter(({ resource, code }) => resource === 'configmaps' && code < 300);
  const gaps = succeeded.slice(1).map((write, before) => {
    const previous = succeeded[before]?.answeredAt ?? write.answeredAt;
    return write.answeredAt - previous;
  });
  return {
    tally,
    badEnds,
    terms: terms.length,
    writes: succeeded.length,
    outsideOfTerms: writesOutsideOfTerms(own, terms, ({ userAgent }) => userAgent),
    longestGapMs: Math.max(...gaps),
  };
}
