/** Whether a file's content is what our own write in place leaves when it is killed. Pure. */

/**
 * A write goes from front to back. Killed, it leaves the new bytes up to some point and the old ones behind it;
 * a restore that is killed on top of that, the old ones up to an earlier or a later point:
 *
 *     old[0, j)  new[j, k)  old[k, end)
 *
 * where the end is missing if that write also makes the file longer or shorter. Everything else is a foreign
 * edit. Not told apart more generously (any mixture by disk sectors, as a power cut may leave), because what
 * cannot be explained by our own doing may be somebody else's and is not to be written over.
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
