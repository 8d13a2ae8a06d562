/** Where a reflector's loop is, and whether it has stopped moving. */

/** The server sends a bookmark about once a minute; a stream that is silent for longer than this is dead. */
export const SILENCE_LIMIT_MS = 150_000;
/** One list, all pages of it. */
export const LIST_LIMIT_MS = 60_000;
/** What a busy process may be late. */
const MARGIN_MS = 30_000;

/** Times are monotonic. */
export type ReflectorState =
  /** Not started yet. */
  | { readonly kind: 'idle' }
  /** Left with the list in the store, by a failure, or by the time limit. */
  | { readonly kind: 'listing'; readonly sinceMs: number }
  /** Left when the stream ends, fails, or is silent for too long. */
  | { readonly kind: 'watching'; readonly sinceMs: number; readonly heardMs: number }
  /** After a failure; left when the time is over. */
  | { readonly kind: 'waiting'; readonly sinceMs: number; readonly waitMs: number; readonly reason: string }
  | { readonly kind: 'stopped' };

/** Every state has its own end by the clock: one that outlives it is a bug of ours, which a restart mends. */
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
