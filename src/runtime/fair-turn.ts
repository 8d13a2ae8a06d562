/** Keeps the event loop responsive: work that never waits for I/O would block timers, probes and watches. */

/** The longest time one turn of the event loop may take. */
const TURN_MS = 5;

/** @returns a function to await between two pieces of work; it yields to the event loop when this turn has been long. */
export function createFairTurn(): () => Promise<void> {
  let beganMs: number | undefined;
  return async () => {
    const now = performance.now();
    if (beganMs === undefined) {
      beganMs = now;
      // Runs in the next turn of the loop, so the next call starts a new measurement.
      setImmediate(() => {
        beganMs = undefined;
      });
    } else if (now - beganMs > TURN_MS) {
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    }
  };
}
