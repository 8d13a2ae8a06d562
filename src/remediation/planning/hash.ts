/** What an approval is bound to, as one text: all that a repair would do to one node, and with which program. */

export interface Bound {
  /** A node of the same name that replaced it is another node. */
  readonly nodeUID: string;
  readonly file: string | null;
  readonly sha256Before: string | null;
  readonly sha256After: string | null;
  readonly setting: string | null;
  readonly target: string | null;
  readonly restarts: readonly string[];
  readonly agentImage: string;
}

/** Always in this order, so that equal plans have equal hashes. JSON, so that no two plans share a text. */
export function canonicalForm(bound: Bound): string {
  const { nodeUID, file, sha256Before, sha256After, setting, target, restarts, agentImage } = bound;
  return JSON.stringify({
    nodeUID,
    file,
    sha256Before,
    sha256After,
    setting,
    target,
    restarts,
    agentImage,
  });
}
