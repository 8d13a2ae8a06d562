/** What the processes of the comparison report, and which fields ours keep of an object. */
import type { RawObject } from '../../src/runtime/reflector/list-watch.ts';

export type Report =
  | { readonly kind: 'synced'; readonly objects: number }
  | { readonly kind: 'saw'; readonly mark: string; readonly at: number }
  | { readonly kind: 'error'; readonly message: string };

/** Keeps five fields, as an operator would; client-node's informer keeps whole objects. */
export function keepOneAnnotation(raw: RawObject) {
  const object = raw as RawObject & {
    readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
    readonly spec?: { readonly nodeName?: string; readonly unschedulable?: boolean };
  };
  const { name, uid, annotations } = object.metadata;
  const { nodeName, unschedulable } = object.spec ?? {};
  return { name, uid, mark: annotations?.['bench'], nodeName, unschedulable };
}
