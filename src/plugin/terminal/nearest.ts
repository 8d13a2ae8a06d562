/** Names that someone may have meant: a typing error, a part of the name, or the pod that took its place. Pure. */

const MOST = 3;
/** Pods of one workload differ in their last five characters. */
const FAR = 5;

/** Those that contain what was asked for, or differ in few characters: the nearest first, empty if none does. */
export function nearest(wanted: string, names: readonly string[]): readonly string[] {
  const limit = Math.max(1, Math.min(FAR, wanted.length / 2));
  return [...new Set(names)]
    .map((name) => ({ name, far: name.includes(wanted) ? 0 : distance(wanted, name) }))
    .filter(({ far }) => far <= limit)
    .toSorted((a, b) => a.far - b.far || (a.name < b.name ? -1 : 1))
    .slice(0, MOST)
    .map(({ name }) => name);
}

/** Levenshtein: how many characters have to be inserted, removed or replaced. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [i, char] of from.split('').entries()) {
    const next = [i + 1];
    for (const [j, other] of to.split('').entries())
      next.push(
        Math.min((next[j] ?? 0) + 1, (row[j + 1] ?? 0) + 1, (row[j] ?? 0) + (char === other ? 0 : 1)),
      );
    row = next;
  }
  return row.at(-1) ?? 0;
}
