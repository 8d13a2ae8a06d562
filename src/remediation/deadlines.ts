/** How long each step may take. Each deadline ends in an outcome, so that "failed" is never mistaken for "in progress". */

/** From the Job's creation until its container runs. The image is on the node, so a start takes one to three seconds. */
export const JOB_START_MS = 60_000;
/** How long a deleted Job may take to go. Short, because a pod that is marked for deletion is not started any more. */
export const JOB_REMOVAL_MS = 15_000;
/**
 * The Job's activeDeadlineSeconds: after it the kubelet itself ends agent and guard. Longer than their worst case
 * together: 40 s until the change is decided, 150 s with a kubelet that others keep restarting (`HARD_LIMIT_MS`), the
 * undo, and 60 s for a slow kubelet with the old configuration.
 */
export const JOB_ACTIVE_SECONDS = 270;
/** From the Job's creation until its reports are read: its deadline, and the grace period in which a change is undone. */
export const JOB_REPORT_MS = 340_000;
/** How long the guard watches a kubelet that gives no reason for more: `GUARD_MS` of the agent, and its report. */
export const GUARD_WATCH_MS = 11_000;
/** For an incident whose quarantine timed out while the operator was away: what its repair usually needs, many times. */
export const CATCH_UP_MS = 150_000;
/** From the creation of an inspection's Job until its report is read: it runs for seconds, waits 15 s for a missing target, and an image may be pulled. */
export const INSPECTION_MS = 90_000;
/** From the proof pod's creation until its report is read. */
export const PROOF_MS = 60_000;
/** From the creation of a proof pod that ended without a report until it makes room for another one. */
export const PROOF_RETRY_MS = 2_000;
/** Polling fallback; a watch event normally comes first. */
export const RECHECK_MS = 5_000;
/** For one that waits for another incident: its turn is an event, so this only refreshes what its record says. */
export const TURN_RECHECK_MS = 60_000;
/** For one that waits until a person changes the policy or a record, which is an event: 500 of them read less than one object a second. */
export const QUIET_RECHECK_MS = 10 * 60_000;
/** Between two questions to a DNS pod that does not answer yet: short at first, for a pod that is just starting. */
export const PROBE_RETRY_MS = 250;
export const PROBE_EAGER_MS = 10_000;
export const PROBE_PATIENT_RETRY_MS = 2_000;
