/** Writes what a person wants into an object of the cluster, on top of what is there: read, decide, write, and again after a conflict. */
import * as z from 'zod';
import type { KubeClient } from '../../kube/client.ts';
import { isConflict } from '../../kube/errors.ts';
import { type Role, refused } from './refused.ts';

const storedSchema = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    uid: z.string().default(''),
    resourceVersion: z.string().optional(),
    annotations: z.record(z.string(), z.string()).default({}),
  }),
});
/** As it was read, with what every change of it needs. */
export type Stored = z.infer<typeof storedSchema>;

export const stored = (raw: unknown): Stored => storedSchema.parse(raw);

export interface Wish {
  /** Of the object. */
  readonly path: string;
  /**
   * A JSON merge patch for the object as it is now, or null where it is so already.
   * @throws PluginError where it cannot be
   */
  readonly decide: (object: Stored) => PatchBody | null;
  /** What holds the right to it, for a user who has not. */
  readonly role: Role;
}
type PatchBody = { readonly metadata?: object; readonly [field: string]: unknown };

/** The operator and other people write the same objects. */
const MOST_CONFLICTS = 10;

/**
 * Carries the resourceVersion that was read: after a 409 Conflict it is decided once more, so that nobody's change is
 * overwritten unseen.
 *
 * @param dryRun asks the API server whether it would accept the change, admission included, and changes nothing
 * @returns false if nothing had to be changed
 */
export async function change(
  kube: KubeClient,
  { path, decide, role }: Wish,
  { dryRun, signal }: { readonly dryRun: boolean; readonly signal: AbortSignal },
): Promise<boolean> {
  for (let conflicts = 1; ; conflicts += 1) {
    const object = stored(await kube.raw.request({ method: 'GET', path, signal }));
    const patch = decide(object);
    if (patch === null) return false;
    const { resourceVersion } = object.metadata;
    const body = { ...patch, metadata: { ...patch.metadata, resourceVersion } };
    try {
      const query = dryRun ? { query: { dryRun: 'All' } } : {};
      await kube.raw.request({ method: 'PATCH', path, ...query, body, signal });
      return true;
    } catch (error) {
      if (!isConflict(error) || conflicts === MOST_CONFLICTS) throw refused(error, role);
    }
  }
}
