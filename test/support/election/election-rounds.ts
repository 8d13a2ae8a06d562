/** Rounds in which the leader of three writers is killed, stopped or paused; their report is in rounds-report.ts. */
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chance } from '../../../src/runtime/testing/election-model.ts';
import { until } from '../../cluster/until.ts';
import type { Apiserver } from '../apiserver/apiserver.ts';
import { HANG_MS } from '../patience.ts';
import { type Durations, startWriter, type Writer } from './writers.ts';

export interface RoundsOptions {
  readonly server: Apiserver;
  readonly rounds: number;
  readonly seed: number;
  readonly durations: Durations;
  readonly say?: (line: string) => void;
}

export const ACTS = ['kill', 'stop', 'pause'] as const;
export type Act = (typeof ACTS)[number];

/** What was done to whom. */
export interface Round {
  readonly act: Act;
  readonly leader: string;
  /** Epoch milliseconds, as in the audit log. */
  readonly at: number;
}

export interface Rounds {
  /** In the order in which they were started, those that have ended included. */
  readonly writers: readonly Writer[];
  readonly rounds: readonly Round[];
  /** Processes that did not end as they should have, with their last lines. */
  readonly badEnds: readonly string[];
  run(): Promise<void>;
  /** Copies the audit log, the writers' output and the rounds into a folder. */
  saveEvidence(folder: string): Promise<void>;
}

const LEDGER = '/api/v1/namespaces/default/configmaps';

export function electionRounds(options: RoundsOptions): Rounds {
  const { server, durations } = options;
  const random = chance(options.seed);
  const all: Writer[] = [];
  const rounds: Round[] = [];
  const badEnds: string[] = [];
  const start = (): Writer => {
    const writer = startWriter(server, `writer-${all.length + 1}`, durations);
    all.push(writer);
    return writer;
  };

  async function ledger(): Promise<{ readonly version: string; readonly by: string | undefined }> {
    const { body } = await server.call('GET', `${LEDGER}/ledger`);
    return { version: body.metadata.resourceVersion, by: body.data?.by };
  }

  /** The writer that makes the next write. */
  async function leader(): Promise<Writer> {
    const before = await ledger();
    return until(
      async () => {
        const { version, by } = await ledger();
        return version === before.version
          ? undefined
          : all.find(({ name, hasEnded }) => name === by && !hasEnded);
      },
      { what: 'a write', timeoutMs: HANG_MS, everyMs: 10 },
    );
  }

  /** A leader that got no processor time for too long has lost its lease before the signal reached it. */
  async function expectEnd(writer: Writer, expected: number | string): Promise<void> {
    const end = await writer.ended;
    if (end === expected || writer.lostItsLease) return;
    badEnds.push(`${writer.name}: ${end} instead of ${expected}: ${writer.lines.slice(-4).join(' ')}`);
  }

  const acts: Record<Act, (writer: Writer) => Promise<void>> = {
    async kill(writer) {
      writer.signal('SIGKILL');
      await expectEnd(writer, 'SIGKILL');
    },
    async stop(writer) {
      writer.signal('SIGTERM');
      await expectEnd(writer, 0);
    },
    /** From too short to be noticed to longer than the lease. */
    async pause(writer) {
      writer.signal('SIGSTOP');
      await sleep(durations.leaseDurationMs * (0.5 + random() * 0.8));
      writer.signal('SIGCONT');
      // The next write shows whether it still leads. If it does not, it has to end by itself.
      if ((await leader()) !== writer) await expectEnd(writer, 1);
    },
  };

  return {
    writers: all,
    rounds,
    badEnds,
    async run() {
      await server.call('POST', LEDGER, { metadata: { name: 'ledger' } });
      let writers = [start(), start(), start()];
      const competing = async (enough: (competing: readonly Writer[]) => boolean): Promise<void> =>
        void (await until(() => (enough(writers.filter(({ competes }) => competes)) ? true : undefined), {
          what: 'enough writers to compete',
          timeoutMs: HANG_MS,
          everyMs: 10,
        }));
      for (let round = 1; round <= options.rounds; round += 1) {
        const now = await leader();
        await competing((them) => them.some((one) => one !== now));
        const act = ACTS[Math.floor(random() * ACTS.length)] ?? 'kill';
        // At any moment between two renewals.
        await sleep(durations.retryPeriodMs * random());
        options.say?.(`round ${round}: ${act} ${now.name}`);
        rounds.push({ act, leader: now.name, at: Date.now() });
        await acts[act](now);
        writers = writers.map((one) => (one.hasEnded ? start() : one));
      }
      await leader();
      // The signal would kill one that is still starting.
      await competing((them) => them.length === writers.filter(({ hasEnded }) => !hasEnded).length);
      for (const writer of writers) writer.signal('SIGTERM');
      await Promise.all(writers.map(async (writer) => expectEnd(writer, 0)));
    },
    async saveEvidence(folder) {
      await mkdir(folder, { recursive: true });
      await copyFile(server.auditLogPath, join(folder, 'audit.log'));
      await writeFile(join(folder, 'rounds.json'), JSON.stringify({ ...options, server: undefined, rounds }));
      const lines = all.flatMap(({ name, lines: own }) => own.map((line) => `${name} ${line}\n`));
      await writeFile(join(folder, 'writers.log'), lines.join(''));
    },
  };
}
