/** The states of a reflector's loop, and whether the loop is stuck in one. */

/** The server sends a bookmark about once a minute; a stream that is silent for longer than this is dead. */
export const SILENCE_LIMIT_MS = 150_000;
/** For one complete list, in one stream or in all its pages. */
export const LIST_LIMIT_MS = 60_000;
/** How late a busy process may be. */
const MARGIN_MS = 30_000;

/** Times are monotonic. */
export type ReflectorState =
  /** Not started yet. */
  | { readonly kind: 'idle' }
  /**
   * Reads everything that exists, at the start and whenever its version is gone. Ends when the list is in the store, and
   * is followed by `watching`; or by `waiting`, after a failure or at LIST_LIMIT_MS.
   */
  | { readonly kind: 'listing'; readonly sinceMs: number }
  /**
   * Applies events; the server was last heard at `heardMs`. Ends when the server ends the stream, and is followed by
   * `watching` from the last version; or by `waiting`, after a failure or a silence of SILENCE_LIMIT_MS; or by `listing`,
   * when the version is gone.
   */
  | { readonly kind: 'watching'; readonly sinceMs: number; readonly heardMs: number }
  /** Backs off after a failure. Ends after `waitMs`, and is followed by `listing` or `watching`. */
  | { readonly kind: 'waiting'; readonly sinceMs: number; readonly waitMs: number; readonly reason: string }
  /** The signal has aborted. Final. */
  | { readonly kind: 'stopped' };

/** Every state ends by the clock. A loop that outlives the end of its state is a bug here, and only a restart helps. */
export function isWedged(state: ReflectorState, nowMs: number): boolean {
  switch (state.kind) {
    case 'listing':
      return nowMs - state.sinceMs > LIST_LIMIT_MS + MARGIN_MS;
    case 'watching':
      return nowMs - state.heardMs > SILENCE_LIMIT_MS + MARGIN_MS;
    case 'waiting':
      return nowMs - state.sinceMs > state.waitMs + MARGIN_MS;
    default:
      return false;
  }
}
