/** A request of a stolen token: something like what the operator does, and not quite. */

export interface Mutant {
  readonly what: string;
  readonly method: 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  readonly path: string;
  /** As a function where it is known only once its object exists. */
  readonly body?: object | (() => object);
  /** @default application/json */
  readonly contentType?: string;
  /** The admission policy that has to deny it. */
  readonly deniedBy: string;
}

export const MERGE = 'application/merge-patch+json';

// oxlint-disable-next-line typescript/no-explicit-any -- a mutation writes any field of any manifest
export type Mutable = any;

/** As it is sent. Also a deep copy: what the manifest shares between two places, the copy does not. */
export const asSent = (manifest: object): Mutable => JSON.parse(JSON.stringify(manifest));

/** One mutant for each change of a manifest that passes as it is. */
export function mutantsOf(
  manifest: object,
  request: Pick<Mutant, 'path' | 'deniedBy'>,
  changes: Readonly<Record<string, (copy: Mutable) => void>>,
): readonly Mutant[] {
  return Object.entries(changes).map(([what, change]) => {
    const body = asSent(manifest);
    change(body);
    return { what, method: 'POST', body, ...request };
  });
}
