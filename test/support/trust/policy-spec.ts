/** The spec of a policy of a random cluster. */
import type * as z from 'zod';
import type { policySpecSchema } from '../../../src/api/policy.ts';
import { type PolicyIndex, type PolicyScript, WINDOWS } from './script.ts';

/** Each policy has a workload of its own: two policies of one workload are one rollout. */
export function specOf(script: PolicyScript, index: PolicyIndex): z.input<typeof policySpecSchema> {
  const { perHour, perNode, windowMinutes } = script;
  return {
    mode: script.mode,
    workload: { name: `coredns-${index}` },
    quarantine: { strategy: script.strategy, maxSeconds: script.maxSeconds },
    limits: {
      maxConcurrent: script.maxConcurrent,
      coolDownSeconds: script.coolDownSeconds,
      backOffSeconds: script.backOffSeconds,
      ...(perHour === null ? {} : { perHour }),
      ...(perNode === null ? {} : { perNode }),
    },
    canary: { watchSeconds: script.watchSeconds },
    breaker: { failures: script.failures, ...(windowMinutes === null ? {} : { windowMinutes }) },
    maintenance: { windows: [...WINDOWS[script.window].windows], urgent: script.urgent },
  };
}
