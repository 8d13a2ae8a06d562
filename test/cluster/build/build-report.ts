/** Reports running builds: one line that is rewritten on a terminal, elsewhere a line at the start, each minute and at the end. */
import type { Progress } from '../progress.ts';
import type { Artifact, BuildState } from './artifact-cache.ts';
import { announcement, buildLine, clock, startLine, usualSeconds } from './build-texts.ts';

interface Running {
  readonly state: BuildState;
  readonly since: number;
  readonly timer: NodeJS.Timeout;
}

const REWRITE_MS = 1_000;
const REPEAT_MS = 60_000;

export class BuildReport {
  readonly #lanes: readonly (readonly Artifact[])[];
  readonly #missing: readonly Artifact[];
  readonly #progress: Progress;
  readonly #cores: number;
  readonly #running = new Map<Artifact, Running>();

  constructor(lanes: readonly (readonly Artifact[])[], progress: Progress, cores: number) {
    this.#lanes = lanes;
    this.#missing = lanes.flat();
    this.#progress = progress;
    this.#cores = cores;
  }

  /** Before the first build: how many there are and how long they take. Nothing if all is cached. */
  announce(cached: number): void {
    if (this.#missing.length === 0) return;
    const lanes = this.#lanes.map((lane) => lane.reduce((sum, artifact) => sum + this.#usual(artifact), 0));
    const builds = this.#missing.length;
    this.#progress(announcement({ builds, seconds: Math.max(...lanes), cores: this.#cores, cached }));
  }

  enter(artifact: Artifact, state: BuildState): void {
    clearInterval(this.#running.get(artifact)?.timer);
    const { rewrite } = this.#progress;
    const repeat = rewrite ? () => this.#redraw() : () => this.#progress(this.#line(artifact));
    const timer = setInterval(repeat, rewrite ? REWRITE_MS : REPEAT_MS);
    this.#running.set(artifact, { state, since: performance.now(), timer });
    if (rewrite) this.#redraw();
    else this.#progress(startLine(this.#label(artifact), state, this.#usual(artifact)));
  }

  /** Reports a finished build; nothing for an artifact from the cache. */
  built(artifact: Artifact): void {
    const running = this.#running.get(artifact);
    if (!running) return;
    const how = running.state === 'waiting' ? 'by another process' : `in ${clock(this.#elapsed(running))}`;
    this.#progress(`${this.#label(artifact)}: built ${how}`);
  }

  /** Ends the report on an artifact, built or failed. */
  leave(artifact: Artifact): void {
    clearInterval(this.#running.get(artifact)?.timer);
    if (this.#running.delete(artifact)) this.#redraw();
  }

  /** Of several builds, shows the one with the longest time left. */
  #redraw(): void {
    const left = (artifact: Artifact, running: Running) => this.#usual(artifact) - this.#elapsed(running);
    const [first, ...others] = [...this.#running]
      .toSorted(([a, runningA], [b, runningB]) => left(b, runningB) - left(a, runningA))
      .map(([artifact]) => artifact);
    const beside = others.length === 0 ? '' : ` (and ${others.map(({ kind }) => kind).join(', ')})`;
    this.#progress.rewrite?.(first === undefined ? '' : `${this.#line(first)}${beside}`);
  }

  #line(artifact: Artifact): string {
    const running = this.#running.get(artifact);
    if (!running) return '';
    return buildLine(this.#label(artifact), running.state, this.#elapsed(running), this.#usual(artifact));
  }

  #label(artifact: Artifact): string {
    const number = this.#missing.indexOf(artifact) + 1;
    // It was cached when the builds were counted, and deleted since.
    if (number === 0) return artifact.kind;
    return `[${number}/${this.#missing.length}] ${artifact.kind}`;
  }

  #usual(artifact: Artifact): number {
    return usualSeconds(artifact.kind, this.#cores);
  }

  #elapsed({ since }: Running): number {
    return (performance.now() - since) / 1000;
  }
}
