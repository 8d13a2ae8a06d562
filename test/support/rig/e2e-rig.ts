/** The rig of the vitest worker that runs this file: end-to-end files run on several rigs side by side, one file on each at a time. */
import { inject } from 'vitest';
import { Rig } from '../../cluster/rig.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Each has the operator installed; as many as vitest may have workers. */
    readonly rigNames: readonly string[];
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
