/** The repair Job of the simulated cluster, with its agent and its guard: from its start to its end, by the script. */
import type { AgentRun } from '../../../src/remediation/world.ts';
import { aRun } from './builders.ts';
import { messageOfGuard, reportOfAgent } from './simulated-agent.ts';
import type { Passing, Script } from './simulated-script.ts';

/** How long the pod of a deleted Job takes to end. */
const JOB_REMOVAL_MS = 1_000;
const START_MS = 500;
const WATCH_MS = 10_000;

export class SimulatedJob {
  run: AgentRun | null = null;
  started = 0;
  restarts = 0;
  /** Jobs that were started while the one before was not gone yet. */
  besideAnother = 0;
  restartedAt = Number.NEGATIVE_INFINITY;
  readonly #script: Script;
  #startedAt = 0;
  #goneAt = 0;
  #endedAt = 0;
  #mayWriteElsewhere = false;

  constructor(script: Script) {
    this.#script = script;
  }

  start(now: number, mayWriteElsewhere: boolean): void {
    if (this.run?.deleting) this.besideAnother += 1;
    if (this.run) return;
    this.started += 1;
    this.run = aRun({ uid: `job-${this.started}`, state: 'starting', createdAt: now });
    this.#startedAt = now;
    this.#mayWriteElsewhere = mayWriteElsewhere;
  }

  /** In the foreground: it exists until its pod is gone. */
  takeBack(now: number): void {
    if (!this.run || this.run.deleting) return;
    this.run = { ...this.run, deleting: true };
    this.#goneAt = now + JOB_REMOVAL_MS;
  }

  remove(): void {
    this.run = null;
  }

  move(now: number): void {
    if (this.run?.deleting) {
      if (now >= this.#goneAt) this.run = null;
    } else if (this.run?.state === 'starting' && this.#agent !== 'never-starts') {
      if (now - this.#startedAt > START_MS)
        this.run = {
          ...this.run,
          state: 'running',
          guard: this.#script.guard === 'none' || this.#isOfFile ? null : { state: 'running', message: null },
        };
    } else if (this.run?.state === 'running' && this.#agent !== 'silent') {
      this.#endAgent(this.run, now);
      this.#endedAt = now;
    }
    this.#moveGuard(now);
  }

  get #isOfFile(): boolean {
    return this.#script.drift != null && this.#script.inFile === true;
  }

  /** How the current Job ends. */
  get #agent(): Script['agent'] | Passing {
    return this.#script.passing?.[this.started - 1] ?? this.#script.agent;
  }

  /** It watches for ten seconds what the agent has changed, and ends at once where that is nothing. */
  #moveGuard(now: number): void {
    const { guard } = this.#script;
    if (this.run?.state !== 'ended' || this.run.guard?.state !== 'running' || guard === 'none') return;
    const isWatching = this.run.message?.includes('"watched":false') === true;
    if (isWatching && (guard === 'endless' || now - this.#endedAt < WATCH_MS)) return;
    this.run = { ...this.run, guard: { state: 'ended', message: messageOfGuard(guard, isWatching) } };
  }

  #endAgent(run: AgentRun, now: number): void {
    const agent = this.#agent;
    const dies =
      agent === 'dies-always' ||
      (agent === 'dies-once' && this.started === 1 + (this.#script.passing?.length ?? 0));
    const report = dies
      ? null
      : reportOfAgent(agent, {
          mayWriteElsewhere: this.#mayWriteElsewhere,
          isOfFile: this.#isOfFile,
          isGuarded: this.#script.guard !== 'none',
          now,
        });
    if (report?.outcome === 'repaired' && this.restarts === 0) {
      this.restarts = 1;
      this.restartedAt = now;
    }
    this.run = { ...run, state: 'ended', message: report ? JSON.stringify(report) : '' };
  }
}
