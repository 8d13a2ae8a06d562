/** As many calls at a time as the API server and the user's patience allow. */

/** Of each kind of read. A kubelet or a pod that does not answer holds one of them until its deadline. */
const AT_A_TIME = 16;

/** The results in the order of the items. The first error ends it; what is running then is left to its signal. */
export async function bounded<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results = Array.from<R>({ length: items.length });
  const entries = items.entries();
  const worker = async (): Promise<void> => {
    // One iterator for all: each takes the next item.
    for (const [index, item] of entries) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(AT_A_TIME, items.length) }, worker));
  return results;
}
