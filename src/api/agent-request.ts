/** Requests to the agent, one per verb. JSON in the environment variable `REQUEST_ENV`. */
import * as z from 'zod';
import { KUBELET_DIRECTORIES, USUAL_DIRECTORIES } from './node-directories.ts';
import { NODE_LOCAL_DNS } from './node-local-dns.ts';
import { RESOLV_CONF_TARGETS } from './policy.ts';

/**
 * A name that only the DNS of this cluster knows: a server at an address of the node that answers it is not an upstream.
 * @default DEFAULT_CLUSTER_NAME
 */
const clusterName = z.string().min(1).optional();
export const DEFAULT_CLUSTER_NAME = 'kubernetes.default.svc.cluster.local';

/** Exists nowhere, so that only an upstream can say so; `invalid.` is reserved for that (RFC 6761). */
const ANY_EXTERNAL_NAME = 'dnshealth.invalid';

const common = {
  /** UID of the remediation. The report repeats it, so that a forged or stale report is not accepted. */
  nonce: z.string().min(1),
  /** Name of the remediation. */
  remediation: z.string().min(1),
};

/** false: correct a file whose wrong value the running kubelet does not have yet, and do not restart it. */
const restart = z.literal(false).optional();

/** IP addresses that lead back into the cluster and therefore do not count as upstream servers, and who asks them. */
const knownAddresses = z.object({
  clusterDNS: z.array(z.string()).default([]),
  /** Defaults: the addon of Kubernetes, kubespray, and AKS. */
  nodeLocalDNS: z.array(z.string()).default([...NODE_LOCAL_DNS]),
  node: z.array(z.string()).default([]),
  /** Of the CoreDNS that looped. Unknown: a nameserver that only newer releases can ask is not usable. */
  corednsVersion: z.string().optional(),
});
export type KnownAddresses = z.infer<typeof knownAddresses>;

/** What a person has approved: the repair refuses where it would do anything else. */
export const approvedSchema = z.discriminatedUnion('changes', [
  z.object({
    changes: z.literal('File'),
    file: z.string().min(1),
    line: z.int(),
    /** Where the effective value is set, in the words of a report. */
    setting: z.string(),
    target: z.string(),
    sha256Before: z.string().length(64),
    sha256After: z.string().length(64),
  }),
  /** The kubelet is right already. */
  z.object({ changes: z.literal('Nothing') }),
]);
export type Approved = z.infer<typeof approvedSchema>;

/** Change resolvConf if that is safe, and restart the kubelet. */
export const repairRequestSchema = z.object({
  ...common,
  verb: z.literal('repair'),
  targets: z.array(z.enum(RESOLV_CONF_TARGETS)).min(1),
  acceptRisky: z.boolean(),
  replaceEmptyValue: z.boolean(),
  known: knownAddresses,
  /** Name that the nameservers of the target are asked for before anything is written. */
  externalName: z.string().min(1),
  clusterName,
  /** Kubelet directories that the Job mounts writable. */
  writable: z
    .array(z.enum(KUBELET_DIRECTORIES))
    .min(1)
    .default([...USUAL_DIRECTORIES]),
  restart,
  approved: approvedSchema.optional(),
  /** IP address of the node at which the kubelet is asked whether it serves. */
  nodeIP: z.string().optional(),
});
export type RepairRequest = z.infer<typeof repairRequestSchema>;

/** Dry run. Every field but the verb has a default, so that it can be requested by hand in one line. */
export const inspectRequestSchema = z.object({
  verb: z.literal('inspect'),
  nonce: z.string().min(1).default('by-hand'),
  targets: z.array(z.enum(RESOLV_CONF_TARGETS)).min(1).default([RESOLV_CONF_TARGETS[0]]),
  acceptRisky: z.boolean().default(false),
  replaceEmptyValue: z.boolean().default(false),
  /** As in the repair that is tried. */
  restart,
  known: knownAddresses.prefault({}),
  externalName: z.string().min(1).default(ANY_EXTERNAL_NAME),
  clusterName,
});
export type InspectRequest = z.infer<typeof inspectRequestSchema>;

/** Take a repair back on request: its old bytes, and one restart of the kubelet where it had one. */
export const rollbackRequestSchema = z.object({
  ...common,
  verb: z.literal('rollback'),
  /** Name of the remediation whose repair is taken back. */
  of: z.string().min(1),
  /** As in a repair. */
  writable: repairRequestSchema.shape.writable,
  /** The file alone is restored: the operator starts no guard. Whether the agent restarts follows from its own journal. */
  restart,
  nodeIP: z.string().optional(),
});
export type RollbackRequest = z.infer<typeof rollbackRequestSchema>;

/** Watch the kubelet after the repair that the other container of the pod makes, and undo the change if it dies. */
export const guardRequestSchema = z.object({
  ...common,
  verb: z.literal('guard'),
  /** As in the repair. */
  writable: repairRequestSchema.shape.writable,
  nodeIP: z.string().optional(),
});
export type GuardRequest = z.infer<typeof guardRequestSchema>;

/**
 * Say which resolv.conf a new pod on the node is given, and who answers there. Every field but the verb has a default, as
 * in a dry run.
 */
export const checkRequestSchema = z.object({
  verb: z.literal('check'),
  /** UID of the remediation, or a value that the sender made up. The report repeats it. */
  nonce: z.string().min(1).default('by-hand'),
  known: knownAddresses.prefault({}),
  /** Whether a file that lists a cluster-internal nameserver beside others is good enough. */
  acceptRisky: z.boolean().default(false),
  /** Name that the nameservers in the resolv.conf are asked for. */
  externalName: z.string().min(1).default(ANY_EXTERNAL_NAME),
  clusterName,
  /**
   * Addresses of cluster DNS that are asked for `clusterName` as well. Not by default: a repair would wait for servers
   * that are down because of what it repairs.
   */
  clusterServers: z.array(z.string()).max(3).default([]),
});
export type CheckRequest = z.infer<typeof checkRequestSchema>;

export const agentRequestSchema = z.discriminatedUnion('verb', [
  repairRequestSchema,
  inspectRequestSchema,
  rollbackRequestSchema,
  guardRequestSchema,
  checkRequestSchema,
]);
export type AgentRequest = z.infer<typeof agentRequestSchema>;
