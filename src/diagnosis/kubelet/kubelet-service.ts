/** kubelet.service and the files of its node, as far as they decide the kubelet's settings. */

/** Without its state: what a start of the kubelet would execute. */
export interface KubeletService {
  /** The command lines of ExecStart; specifiers are expanded, variables are not. */
  readonly execStart: readonly (readonly string[])[];
  /** `NAME=value` as in Environment=. */
  readonly environment: readonly string[];
  readonly environmentFiles: readonly string[];
  readonly fragmentPath: string;
  readonly dropInPaths: readonly string[];
}

/** By their absolute path on the node. The agent reads them from mounts; a person may have saved them. */
export interface NodeFiles {
  /** Undefined where there is no such file. @throws Refused where it exists, but cannot be read */
  readonly read: (path: string) => string | undefined;
  /** Undefined also where the file cannot be read. */
  readonly readIfPossible: (path: string) => string | undefined;
  /** The files below a directory, in the order in which the kubelet walks it. */
  readonly walk: (directory: string) => readonly string[];
}
