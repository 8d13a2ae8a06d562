/** Names that resemble one that does not exist: a typing error, a part of it, or the pod that took its place. Pure. */

const MOST = 3;
/** Pods of one workload differ in their last five characters. */
const FAR = 5;

/** The nearest first; empty if none resembles it. */
export function near(name: string, known: readonly string[]): readonly string[] {
  return [...new Set(known)]
    .map((other) => ({ other, far: other.includes(name) ? 0 : distance(name, other) }))
    .filter(({ far }) => far <= Math.min(FAR, name.length / 2))
    .toSorted((a, b) => a.far - b.far)
    .slice(0, MOST)
    .map(({ other }) => other);
}

/** Levenshtein: how many characters have to be added, removed or replaced. */
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
