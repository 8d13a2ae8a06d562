/** The classes of tests: what needs nothing, what needs an apiserver, the cluster itself, what needs its nodes. */
import { defineConfig } from 'vitest/config';
import { HANG_MS } from './test/support/patience.ts';

/** A message says what was found instead, for those who only have the end of a run's output. */
const chaiConfig = { truncateThreshold: 2_000 };

const onRigs = {
  chaiConfig,
  globalSetup: ['test/e2e/global-setup.ts'],
  // They only end a hang: no verdict depends on the speed of the machine.
  testTimeout: 900_000,
  hookTimeout: 900_000,
  // Each worker has a rig of its own, and two keep two cores busy.
  maxWorkers: 2,
};

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          chaiConfig,
          include: [
            'src/**/*.test.ts',
            'packaging/**/*.test.ts',
            'test/cluster/**/*.test.ts',
            'test/demo/**/*.test.ts',
            'test/support/**/*.test.ts',
            'test/bench/**/*.test.ts',
          ],
          // They only end a hang: no verdict depends on the speed of the machine.
          testTimeout: 600_000,
          hookTimeout: 600_000,
          expect: { poll: { timeout: HANG_MS } },
        },
      },
      {
        test: {
          name: 'integration',
          chaiConfig,
          include: ['test/integration/**/*.test.ts'],
          // They only end a hang: no verdict depends on the speed of the machine.
          testTimeout: 600_000,
          hookTimeout: 600_000,
          expect: { poll: { timeout: HANG_MS, interval: 20 } },
          // One apiserver per file. Most files wait for timers most of the time, so that two share the machine's cores well.
          maxWorkers: 2,
        },
      },
      {
        test: {
          // Not part of `make test`: an alert on five minutes of silence takes five minutes.
          name: 'alerts',
          chaiConfig,
          include: ['test/alerts/**/*.test.ts'],
          testTimeout: 900_000,
          hookTimeout: 900_000,
          expect: { poll: { timeout: HANG_MS, interval: 20 } },
        },
      },
      {
        test: {
          // The agent as a process, killed and hindered on scratch nodes: needs root and strace, no cluster.
          name: 'faults',
          chaiConfig,
          include: ['test/faults/**/*.test.ts'],
          globalSetup: ['test/faults/global-setup.ts'],
          testTimeout: 600_000,
          hookTimeout: 1_800_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          // The cluster itself, without the operator: it starts rigs of its own.
          name: 'rig',
          chaiConfig,
          include: ['test/e2e/rig.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 900_000,
        },
      },
      {
        test: {
          ...onRigs,
          name: 'e2e',
          include: ['test/e2e/*.test.ts'],
          exclude: ['test/e2e/rig.test.ts'],
        },
      },
      {
        // Not part of `make test`: each takes minutes, and tests of integration say most of the same without nodes.
        test: { ...onRigs, name: 'e2e-long', include: ['test/e2e/long/*.test.ts'] },
      },
    ],
  },
});
