/** Measures the whole operator: at its start, idle, and under constant changes. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Apiserver } from '../support/apiserver/apiserver.ts';
import type { ClusterSize } from './big-cluster.ts';
import { createChurn } from './churn.ts';
import type { Owner } from './cluster-objects.ts';
import { type LoopDelay, startShippedOperator } from './shipped-operator.ts';

export interface OperatorLoad {
  readonly syncedSeconds: number;
  readonly idleMiB: number;
  readonly peakMiB: number;
  readonly handles: number;
  readonly connections: number;
  readonly delay: { readonly start: LoopDelay; readonly idle: LoopDelay; readonly busy: LoopDelay };
}

const START_MS = 10_000;
const IDLE_MS = 15_000;
const BUSY_STEPS = 600;
/** 5,000 kubelets send 17 heartbeats per second. */
const STEP_MS = 50;

export async function measureOperator(
  server: Apiserver,
  token: string,
  size: ClusterSize,
  owner: Owner,
): Promise<OperatorLoad> {
  const operator = await startShippedOperator(server, { token });
  try {
    await sleep(START_MS);
    const start = await operator.loopDelay();
    await sleep(IDLE_MS);
    const idle = await operator.loopDelay();
    const { rssMiB, handles } = operator.figures();
    const connections = operator.proxy.connections.open;
    const churn = createChurn(server, size, owner);
    while (churn.steps < BUSY_STEPS) {
      if (churn.steps % 200 === 100) operator.proxy.reset();
      await Promise.all([churn.step(), sleep(STEP_MS)]);
    }
    const busy = await operator.loopDelay();
    return {
      syncedSeconds: operator.syncedSeconds,
      idleMiB: rssMiB,
      peakMiB: operator.figures().peakMiB,
      handles,
      connections,
      delay: { start, idle, busy },
    };
  } finally {
    await operator.stop();
  }
}
