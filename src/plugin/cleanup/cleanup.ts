/** Takes back what an operator that is gone has left, and says so line by line. Safe to repeat, and to end anywhere. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeClient } from '../../kube/client.ts';
import { JOB_REPORT_MS } from '../../remediation/deadlines.ts';
import { explain, PluginError } from '../errors.ts';
import { EXIT, type ExitCode, type PluginContext } from '../verb.ts';
import { carryOut } from './carry-out.ts';
import { findLeftovers, findRepairs } from './leftovers.ts';
import { isOperatorAlive } from './operator-alive.ts';
import { createReport, type Report } from './report.ts';
import { mustSucceed, nodeOf, objectOf, type Step, stepsFor, wouldDo } from './steps.ts';

interface CleanupOptions {
  readonly dryRun: boolean;
  /** For repairs that still work. */
  readonly wait: boolean;
  /** Also if an operator is alive. */
  readonly force: boolean;
}

const LOOK_EVERY_MS = 1_000;

/** @throws PluginError while an operator is alive */
export async function cleanup(
  context: PluginContext,
  { dryRun, wait, force }: CleanupOptions,
): Promise<ExitCode> {
  const { kube } = await context.connect();
  const report = createReport(context, { dryRun, operator: await operatorState(kube, context, force) });
  for (;;) {
    const leftovers = await findLeftovers(kube, context.signal);
    const steps = stepsFor(leftovers);
    report.unread(leftovers.unread);
    if (dryRun)
      for (const step of steps)
        report.add(objectOf(step), {
          result: step.kind === 'keep' ? 'kept' : 'would',
          message: wouldDo(step),
        });
    else await doAll(steps, { ...context, kube }, report);
    const repairing = steps.filter((step) => step.kind === 'leave' && step.because === 'Repairing');
    if (dryRun || !wait || repairing.length === 0) break;
    if (!(await untilRepaired(kube, context))) break;
  }
  await report.print();
  if (report.count('failed') > 0 || report.isIncomplete()) return EXIT.cannot;
  return report.count('left') + report.count('would') > 0 ? EXIT.fault : EXIT.well;
}

async function operatorState(
  kube: KubeClient,
  { signal, err }: PluginContext,
  force: boolean,
): Promise<string> {
  if (force) return 'not asked whether it is alive (--force)';
  const { alive, why } = await isOperatorAlive(kube, {
    signal,
    waiting: (sentence) => err.line(sentence),
  }).catch((error: unknown) => {
    if (signal.aborted) throw error;
    const message = `it cannot be read whether an operator is alive: ${explain(error)} (--force does it nevertheless)`;
    throw new PluginError(message, { cause: error });
  });
  if (alive)
    throw new PluginError(
      `the operator is alive: ${why}; while it is, it ends incidents itself when the policies and DNSRemediations are deleted; remove it first, or scale it to 0 (--force does it nevertheless)`,
    );
  return why;
}

/** What could not be done on a node ends the steps there: no node is released under a Job that could not be deleted. */
async function doAll(
  steps: readonly Step[],
  context: PluginContext & { readonly kube: KubeClient },
  report: Report,
): Promise<void> {
  const stopped = new Set<string>();
  for (const step of steps) {
    const node = nodeOf(step);
    const outcome =
      stopped.has(node) && step.kind !== 'keep'
        ? {
            result: 'left' as const,
            message: `Was left, because of what could not be done before on ${node}.`,
          }
        : await carryOut(step, context);
    report.add(objectOf(step), outcome);
    if (outcome.result !== 'done' && mustSucceed(step)) stopped.add(node);
  }
}

/** @returns false if they still work although their time is over */
async function untilRepaired(kube: KubeClient, { err, signal }: PluginContext): Promise<boolean> {
  err.line('Waiting for the repair Jobs that still work.');
  const giveUp = performance.now() + JOB_REPORT_MS;
  while (performance.now() < giveUp) {
    if (!(await findRepairs(kube, signal)).some(({ state }) => state === 'running')) return true;
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
  return false;
}
