/** One rig with the operator installed for all end-to-end files that share it; taken down at the end, also after a failure. */
import type { TestProject } from 'vitest/node';
import { Rig } from '../cluster/rig.ts';
import { rigPaths } from '../cluster/rig-paths.ts';
import { tearDown } from '../cluster/teardown/down.ts';
import { installOperator } from '../support/installation.ts';

const NAME = 'e2e';

declare module 'vitest' {
  interface ProvidedContext {
    readonly rigName: string;
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const say = (line: string): void => void process.stderr.write(`[rig] ${line}\n`);
  const down = async (): Promise<void> => tearDown(rigPaths(NAME));
  try {
    const rig = await Rig.up({ name: NAME, onProgress: say });
    await installOperator(rig, say);
  } catch (error) {
    await down();
    throw error;
  }
  project.provide('rigName', NAME);
  return down;
}
