/** The line in which a container runtime reports that the kernel did not start the program of the container. */

/**
 * runc up to 1.0 (`standard_init_linux.go:211: exec user process caused "…"`, later without the quotes), runc since
 * 1.1 (`exec /coredns: …`), crun, whose line may be JSON, and a shell as the entry point (`/coredns: …`).
 */
const IN_LOG =
  /^(?:(?:standard_init_linux\.go:\d+: )?exec user process caused:? |(?:fork\/)?exec (?!container process )\S+: |(?:\{"msg":")?exec container process (?:\([^)]*\) )?`[^`]*`: |(?:\S*sh: )?\/\S+: (?:cannot execute(?: binary file)?: )?(?=exec format|operation not|permission denied))"?([A-Za-z ]+?)"?(?:","|$)/i;

/** What the kernel said, in lower case, for example "exec format error"; null for any other line. */
export const execError = (line: string): string | null => IN_LOG.exec(line)?.[1]?.toLowerCase() ?? null;

/** `… unable to start container process: exec: "/coredns": permission denied: unknown`. */
const IN_MESSAGE =
  /\bexec:? "?([^\s":]+)"?: (exec format error|operation not permitted|permission denied)\b/i;

/** The same in the message of the kubelet about a container that never ran, as the line that it would have logged. */
export function execLineIn(message: string): string {
  const [, program, error] = IN_MESSAGE.exec(message) ?? [];
  return error === undefined ? message : `exec ${program}: ${error}`;
}
