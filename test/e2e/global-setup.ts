/** The rigs of the end-to-end tests, each with the operator installed; taken down at the end, even after a failure. */
import type { TestProject } from 'vitest/node';
import { Rig } from '../cluster/rig.ts';
import { rigPaths } from '../cluster/rig-paths.ts';
import { tearDown } from '../cluster/teardown/down.ts';
import { buildOperatorImage, installImage } from '../support/rig/installation.ts';

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const names = Array.from({ length: project.config.maxWorkers }, (_, index) => `e2e-${index + 1}`);
  const down = async (): Promise<void> => {
    for (const name of names) await tearDown(rigPaths(name));
  };
  try {
    // One after the other: the first start builds what is missing, and the others find it in the cache.
    let image: string | undefined;
    for (const name of names) {
      const say = (line: string): void => void process.stderr.write(`[${name}] ${line}\n`);
      const rig = await Rig.up({ name, onProgress: say });
      image ??= await buildOperatorImage(say);
      await installImage(rig, image, say);
    }
    project.provide('operatorImage', image ?? '');
  } catch (error) {
    await down();
    throw error;
  }
  project.provide('rigNames', names);
  return down;
}
