/** Watches records and policies until what was asked for is there, or the time is over. */
import { API_VERSION } from '../../api/keys.ts';
import { parseRemediation } from '../../observe/custom-resources.ts';
import type { Remediation } from '../../remediation/world.ts';
import { createMetrics } from '../../runtime/metrics.ts';
import { createReflector } from '../../runtime/reflector/reflector.ts';
import type { Connection } from '../cluster/connect.ts';
import { troublesTo } from '../cluster/troubles.ts';
import type { PluginContext } from '../verb.ts';
import { type Stored, stored } from './change.ts';

interface Watcher {
  /** Each record that is there, and each one that is added or changed. */
  readonly record: (record: Remediation, end: () => void) => void;
  /** The same of the policies. */
  readonly policy?: (policy: Stored, end: () => void) => void;
}

/** @returns false if the time was over before `end` was called */
export async function awaitRecords(
  { kube, server }: Pick<Connection, 'kube' | 'server'>,
  { err, signal }: Pick<PluginContext, 'err' | 'signal'>,
  timeoutMs: number,
  { record, policy }: Watcher,
): Promise<boolean> {
  const ended = new AbortController();
  const end = (): void => ended.abort();
  const until = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs), ended.signal]);
  const follow = async <T>(
    plural: string,
    transform: (raw: unknown) => T,
    see: (object: T, end: () => void) => void,
  ): Promise<void> => {
    const objects = createReflector({
      source: kube.listWatch({ path: `/apis/${API_VERSION}/${plural}` }),
      transform,
      logger: troublesTo(err.line, server),
      metrics: createMetrics(),
    });
    objects.onChange((change) => {
      if (change.kind !== 'deleted' && !ended.signal.aborted) see(change.object, end);
    });
    await objects.start(until);
  };
  await Promise.all([
    follow('dnsremediations', parseRemediation, record),
    ...(policy ? [follow('dnshealthpolicies', stored, policy)] : []),
  ]);
  return ended.signal.aborted;
}
