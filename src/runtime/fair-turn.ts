/** Shares the event loop: work that waits for nothing outside would keep timers, probes and watches waiting. */

/** So long may one turn of the event loop last. */
const TURN_MS = 5;

/** @returns what to await between two pieces of work: it passes at once, or in the next turn when this one was long. */
export function createFairTurn(): () => Promise<void> {
  let beganMs: number | undefined;
  return async () => {
    const now = performance.now();
    if (beganMs === undefined) {
      beganMs = now;
      // Runs in the next turn: what asks after that is in a turn of its own.
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
