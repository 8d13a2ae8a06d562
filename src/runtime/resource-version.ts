/** How resourceVersions compare. */

/**
 * Since 1.35, Kubernetes documents the versions of one resource type as ordered numbers. A version that is not a number
 * never counts as older, so that servers with opaque versions still work.
 */
export function isOlder(version: string, than: string | undefined): boolean {
  if (than === undefined || !/^\d+$/.test(version) || !/^\d+$/.test(than)) return false;
  return BigInt(version) < BigInt(than);
}
