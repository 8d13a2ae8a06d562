/** Recognises what a killed write in place leaves of a file. Pure. */

/**
 * A write goes from front to back. Killed, it leaves the new bytes up to some point and the old ones behind it;
 * a restore that is killed on top of that, the old ones up to an earlier or a later point:
 *
 *     old[0, j)  new[j, k)  old[k, end)
 *
 * where the end is missing if that write also makes the file longer or shorter. Everything else is a foreign edit. Not
 * more generous (any mixture by disk sectors, as a power cut may leave), because what the agent's own writes cannot
 * explain may be someone else's work and must not be overwritten.
 */
export function isTorn(content: Uint8Array, old: Uint8Array, edited: Uint8Array): boolean {
  const { length } = content;
  if (length < Math.min(old.length, edited.length) || length > Math.max(old.length, edited.length))
    return false;
  const j = firstDifference(content, old);
  const k = firstDifference(content, edited, j);
  return k === length || (length === old.length && firstDifference(content, old, k) === length);
}

/** The length of the shorter one where there is none. */
export function firstDifference(a: Uint8Array, b: Uint8Array, from = 0): number {
  let at = from;
  while (at < a.length && at < b.length && a[at] === b[at]) at++;
  return at;
}
