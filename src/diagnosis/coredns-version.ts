/** Compares releases of CoreDNS, as its banner names them. */

/** A version such as `1.12.0+rke2r1` is that of the release that it was built from. */
export function isAtLeast(version: string, major: number, minor: number, patch: number): boolean {
  const [ownMajor = 0, ownMinor = 0, ownPatch = 0] = version.split(/[.+-]/).map(Number);
  return rank(ownMajor, ownMinor, ownPatch) >= rank(major, minor, patch);
}

const rank = (major: number, minor: number, patch: number): number => major * 1e6 + minor * 1e3 + patch;
