/** Starts checks on nodes and prints what came of each: the frame around `run-checks.ts`. */
import { randomBytes } from 'node:crypto';
import { clusterDnsAddresses } from '../../observe/cluster-dns.ts';
import type { Connection } from '../cluster/connect.ts';
import { explain, PluginError } from '../errors.ts';
import { parseDuration } from '../terminal/durations.ts';
import { print } from '../terminal/print.ts';
import { table } from '../terminal/table.ts';
import type { ExitCode, OptionValues, PluginContext } from '../verb.ts';
import { agentProbe } from './agent-probe.ts';
import { checkPods } from './check-pods.ts';
import { COLUMNS, wordOf } from './columns.ts';
import { coreDnsProbe } from './coredns-probe.ts';
import { findNodes } from './node-list.ts';
import type { Probe, Program } from './probe.ts';
import { exitCodeOf, type NodeResult } from './result.ts';
import { runChecks } from './run-checks.ts';
import { imageOf, namespaceOf, policyOf } from './surroundings.ts';

/** The kubelet ends a pod this long after its node's time is up: one of a killed run. */
const GRACE_SECONDS = 30;

export async function check(
  context: PluginContext,
  names: readonly string[],
  values: OptionValues,
): Promise<ExitCode> {
  const options = optionsOf(names, values);
  const { err, signal } = context;
  const connection = await context.connect();
  const { checkable, others } = await findNodes(connection.kube, names, signal);
  const namespace = options.namespace ?? (await namespaceOf(connection, signal));
  const run = randomBytes(4).toString('hex');
  const probe = await probeOf(connection, { ...options, namespace, run }, signal);
  if (probe.program === 'coredns')
    err.line(
      `CoreDNS itself is asked (${probe.image}): it shows whether it loops, not which resolv.conf it was given. It meets a loopback address beside upstreams only by chance: in all but one of about 250 starts with two nameservers.`,
    );
  const pods = checkPods(connection.kube, namespace, run, signal);
  const leftovers = await pods.removeLeftovers(context.now() - 1000 * activeSeconds(options.timeoutMs));
  if (leftovers.length > 0) err.line(`Removed what an earlier run had left: ${leftovers.join(', ')}.`);

  const results: NodeResult[] = [...others];
  const total = checkable.length;
  const showProgress = () => err.progress(`${results.length - others.length} of ${total} nodes checked`);
  showProgress();
  try {
    await runChecks(checkable, {
      probe,
      pods,
      run,
      concurrency: options.concurrency,
      timeoutMs: options.timeoutMs,
      signal,
      whyNotNow: async (node) => (await findNodes(connection.kube, [node], signal)).others[0],
      onResult: (result) => {
        results.push(result);
        showProgress();
      },
      onLeft: (left, why) =>
        err.line(
          `Could not remove ${left.join(', ')} in ${namespace}: ${explain(why)}. They end within ${activeSeconds(options.timeoutMs)} s, and the next run removes them.`,
        ),
    });
  } finally {
    err.progress('');
  }
  const sorted = results.toSorted((a, b) => a.node.localeCompare(b.node, 'en', { numeric: true }));
  const { program, image } = probe;
  await print(context, { namespace, program, image, nodes: sorted }, (isWide) =>
    table(COLUMNS, sorted, { isWide }),
  );
  if (sorted.length > 1) err.line(summary(sorted));
  return exitCodeOf(sorted);
}

interface Options {
  readonly concurrency: number;
  readonly timeoutMs: number;
  readonly namespace: string | undefined;
  readonly image: string | undefined;
  readonly program: Program | undefined;
}

const activeSeconds = (timeoutMs: number): number => Math.ceil(timeoutMs / 1000) + GRACE_SECONDS;

function optionsOf(names: readonly string[], values: OptionValues): Options {
  if (names.length > 0 === (values['all'] === true))
    throw new PluginError('name the nodes to check, or say --all');
  const text = (name: string) => (typeof values[name] === 'string' ? values[name] : undefined);
  const concurrency = Number(text('concurrency'));
  if (!Number.isInteger(concurrency) || concurrency < 1)
    throw new PluginError(`--concurrency "${text('concurrency')}" is not a number from 1`);
  const timeoutMs = parseDuration(text('timeout') ?? '');
  if (timeoutMs === undefined || timeoutMs < 1_000 || timeoutMs > MAX_TIMEOUT_MS)
    throw new PluginError(`--timeout "${text('timeout')}" is not a time from 1s to 1h`);
  return {
    concurrency,
    timeoutMs,
    namespace: text('namespace'),
    image: text('image'),
    program: text('program') as Program | undefined,
  };
}
const MAX_TIMEOUT_MS = 3_600_000;

async function probeOf(
  { kube }: Connection,
  { namespace, run, ...options }: Options & { readonly namespace: string; readonly run: string },
  signal: AbortSignal,
): Promise<Probe> {
  const { program, image } = await imageOf(kube, options, signal);
  const activeDeadlineSeconds = activeSeconds(options.timeoutMs);
  if (program === 'coredns') return coreDnsProbe({ image, activeDeadlineSeconds });
  const [clusterDNS, { verification, repair }] = await Promise.all([
    clusterDnsAddresses(kube, signal),
    policyOf(kube, signal),
  ]);
  return agentProbe({
    image,
    namespace,
    nonce: run,
    clusterDNS,
    clusterName: `kubernetes.default.svc.${verification.clusterDomain}`,
    // Never asked for before, so that no cache on the way can answer it.
    externalName: verification.externalName ?? `check-${run}.invalid`,
    acceptRisky: repair.acceptRisky,
    activeDeadlineSeconds,
  });
}

/** "3 nodes: 2 usable, 1 loops." */
function summary(results: readonly NodeResult[]): string {
  const counts = Map.groupBy(results, wordOf);
  const parts = [...counts].map(([word, of]) => `${of.length} ${word}`);
  return `${results.length} nodes: ${parts.join(', ')}.`;
}
