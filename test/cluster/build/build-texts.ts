/** The texts about running builds: elapsed time and usual time; pure. */
import type { BuildState } from './artifact-cache.ts';

interface Duration {
  /** Downloads, linking and whatever else is not faster with more cores. */
  readonly seconds: number;
  /** Compiling, which uses all cores. */
  readonly coreSeconds: number;
}

/** With an empty cache; measured on two cores. */
const USUAL: Readonly<Record<string, Duration>> = {
  'node-root': { seconds: 38, coreSeconds: 0 },
  kubernetes: { seconds: 90, coreSeconds: 840 },
  etcd: { seconds: 10, coreSeconds: 30 },
  coredns: { seconds: 20, coreSeconds: 130 },
  helm3: { seconds: 10, coreSeconds: 390 },
  // After Helm 3, with which it shares most of its packages.
  helm4: { seconds: 10, coreSeconds: 210 },
  'image-base': { seconds: 18, coreSeconds: 0 },
  'image-build': { seconds: 25, coreSeconds: 0 },
};

/** Seconds; 0 if it takes only a moment. */
export function usualSeconds(kind: string, cores: number): number {
  const { seconds, coreSeconds } = USUAL[kind] ?? { seconds: 0, coreSeconds: 0 };
  return seconds + coreSeconds / cores;
}

const SHORT_SECONDS = 10;

/** Rounded up, with its text. */
function rounded(seconds: number): { readonly seconds: number; readonly text: string } {
  if (seconds <= SHORT_SECONDS) return { seconds: SHORT_SECONDS, text: 'a few seconds' };
  if (seconds <= 90) {
    const tens = Math.ceil(seconds / 10) * 10;
    return { seconds: tens, text: `about ${tens} s` };
  }
  const minutes = Math.ceil(seconds / 60);
  return { seconds: minutes * 60, text: `about ${minutes} minutes` };
}

/** `1:05` for 65.4. */
export function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

export function announcement(plan: {
  readonly builds: number;
  readonly seconds: number;
  readonly cores: number;
  /** Number of what is there already. */
  readonly cached: number;
}): string {
  const builds = `${plan.builds} ${plan.builds === 1 ? 'build' : 'builds'}`;
  const time = `${rounded(plan.seconds).text} with ${plan.cores} ${plan.cores === 1 ? 'core' : 'cores'}`;
  const rest = plan.cached === 0 ? 'later starts use the cache' : `${plan.cached} already in the cache`;
  return `${builds} first, ${time}; ${rest}`;
}

const ACTIVITY: Readonly<Record<BuildState, string>> = {
  building: 'building',
  waiting: 'waiting for another process that builds it',
};

export const startLine = (label: string, state: BuildState, usual: number): string =>
  `${label}: ${ACTIVITY[state]}, ${rounded(usual).text}`;

/** After the usual time, the line says so instead of promising an end. */
export function buildLine(label: string, state: BuildState, elapsed: number, usual: number): string {
  const about = rounded(usual);
  const time =
    elapsed <= about.seconds
      ? `${clock(elapsed)} of ${about.text}`
      : `${clock(elapsed)}, longer than usual (${about.text})`;
  return `${label}: ${ACTIVITY[state]}, ${time}`;
}
