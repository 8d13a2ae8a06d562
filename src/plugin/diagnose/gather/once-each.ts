/** Reads each thing once, however many pods need it. */
import type { Attempts } from './attempts.ts';

/** By its name. The result is shared, and so is what was missing. */
export function onceEach<T>(
  read: (name: string, attempts: Attempts) => Promise<T>,
  fresh: () => Attempts,
): (name: string, attempts: Attempts) => Promise<T> {
  const known = new Map<string, { readonly value: Promise<T>; readonly own: Attempts }>();
  return async (name, attempts) => {
    let entry = known.get(name);
    if (!entry) {
      const own = fresh();
      entry = { value: read(name, own), own };
      known.set(name, entry);
    }
    const value = await entry.value;
    attempts.add(entry.own.missing);
    return value;
  };
}
