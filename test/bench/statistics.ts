/** Medians and a description of the machine, for every section. */
import { cpus, totalmem } from 'node:os';

export function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** The smallest figure that is not exceeded by this share of them, for example 0.99. */
export function percentile(figures: readonly number[], share: number): number {
  const sorted = figures.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export const today = (): string => new Date().toISOString().slice(0, 10);

export const machine = (): string =>
  `Machine: ${cpus().length} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GiB, shared with other work`;

/** "78 (76-81)": the median with its range. */
export function spread(figures: readonly number[], digits = 0): string {
  const [low, high] = [Math.min(...figures), Math.max(...figures)].map((figure) => figure.toFixed(digits));
  const middle = median(figures).toFixed(digits);
  return low === high ? middle : `${middle} (${low}-${high})`;
}

export const verdict = (figure: number, goal: number): string =>
  figure <= goal ? 'reached' : '**not reached**';
