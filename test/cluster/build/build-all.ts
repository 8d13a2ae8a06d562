/** Builds whatever is missing of several artifacts, and reports how far it is. */
import { availableParallelism } from 'node:os';
import type { Progress } from '../progress.ts';
import { type Artifact, cached, isBuilt } from './artifact-cache.ts';
import { BuildReport } from './build-report.ts';

/** The artifacts of a lane are built one after the other, the lanes at the same time. */
export async function buildAll(
  lanes: readonly (readonly Artifact[])[],
  progress: Progress,
  cores: number = availableParallelism(),
): Promise<void> {
  const missing = lanes.map((lane) => lane.filter((artifact) => !isBuilt(artifact)));
  const report = new BuildReport(missing, progress, cores);
  report.announce(lanes.flat().length - missing.flat().length);
  await Promise.all(
    lanes.map(async (lane) => {
      for (const artifact of lane) {
        try {
          await cached(artifact, (state) => report.enter(artifact, state));
          report.built(artifact);
        } finally {
          report.leave(artifact);
        }
      }
    }),
  );
}
