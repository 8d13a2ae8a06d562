/** The rig of a vitest worker: end-to-end tests run on several rigs in parallel, one file at a time on each. */
import { inject } from 'vitest';
import { Rig } from '../../cluster/rig.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** One for each worker that vitest may start; each has the operator installed. */
    readonly rigNames: readonly string[];
    /** Path of the archive. */
    readonly operatorImage: string;
  }
}

export function rigOfThisWorker(): Rig {
  const name = inject('rigNames')[Number(process.env.VITEST_POOL_ID) - 1];
  if (name === undefined)
    throw new Error(
      `no rig for worker ${process.env.VITEST_POOL_ID}: the project has more workers than rigs`,
    );
  return Rig.open(name);
}
