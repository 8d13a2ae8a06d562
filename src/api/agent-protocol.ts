/**
 * How operator and agent talk: the request is JSON in one environment variable, the report is JSON in the container's
 * termination message. Here are the two ends of that channel, and by name everything that goes through it.
 */

export {
  type AgentReport,
  agentReportSchema,
  type CheckReport,
  type ComparedFiles,
  checkReportSchema,
  type GradedFile,
  type GuardReport,
  guardReportSchema,
  type InspectReport,
  inspectReportSchema,
  MAX_QUOTED_TEXT,
  RESOLV_CONF_CLASSES,
  type RefusalReason,
  type RepairReport,
  type ResolvConfClass,
  type RollbackReport,
  repairReportSchema,
  rollbackReportSchema,
} from './agent-report.ts';
export {
  type AgentRequest,
  type Approved,
  agentRequestSchema,
  type CheckRequest,
  checkRequestSchema,
  DEFAULT_CLUSTER_NAME,
  type GuardRequest,
  guardRequestSchema,
  type InspectRequest,
  inspectRequestSchema,
  type KnownAddresses,
  type RepairRequest,
  type RollbackRequest,
  repairRequestSchema,
  rollbackRequestSchema,
} from './agent-request.ts';
export {
  HOST_ROOT,
  KUBELET_DIRECTORIES,
  type KubeletDirectory,
  STATE_DIRECTORY,
  USUAL_DIRECTORIES,
} from './node-directories.ts';

/** Environment variable with the request, in the containers of the repair Job and of a check. */
export const REQUEST_ENV = 'DNSHEALTH_REQUEST';
/** File that the agent writes its report to: the container's terminationMessagePath. */
export const REPORT_PATH = '/dev/termination-log';
/** Names of the containers of the repair Job's pod. The pod of a check has only the first. */
export const AGENT_CONTAINER = 'agent';
export const GUARD_CONTAINER = 'guard';
/** A directory that both containers of the repair Job's pod share, for the file by which the agent says that it ends. */
export const HAND_OVER_DIRECTORY = '/hand-over';
export const AGENT_ENDED_PATH = `${HAND_OVER_DIRECTORY}/agent-ended`;
/** The kubelet keeps no more of a termination message. */
export const MAX_REPORT_BYTES = 4096;
