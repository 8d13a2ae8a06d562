/** The only time limit of the integration tests: it ends a hang, and no verdict on a working program depends on it. */

/** Below the 240 s after which a watch ends by itself, so that it cannot pass for the recovery that a test waits for. */
export const HANG_MS = 180_000;
