/** DNSHealthPolicy: what the administrator declares. The zod schema is the source; `crds/` is generated from it. */
import * as z from 'zod';
import { conditions, objectName, timestamp } from './primitives.ts';

/**
 * The files that a kubelet may be pointed at. A closed list, because a free path in a custom resource would
 * let its author choose what every new pod of a node reads.
 */
export const RESOLV_CONF_TARGETS = [
  '/run/systemd/resolve/resolv.conf',
  '/run/NetworkManager/no-stub-resolv.conf',
] as const;
export type ResolvConfTarget = (typeof RESOLV_CONF_TARGETS)[number];

const workloadSchema = z
  .object({
    kind: z
      .enum(['Deployment', 'DaemonSet'])
      .default('Deployment')
      .describe('Kind of the workload that owns the DNS pods.'),
    name: objectName()
      .default('coredns')
      .describe('Name of that workload in the namespace kube-system. Pods of other owners are ignored.'),
    container: objectName().default('coredns').describe('Name of the CoreDNS container in its pods.'),
  })
  .prefault({})
  .describe(
    'The DNS pods to watch: those labelled k8s-app=kube-dns in kube-system and owned by this workload.',
  );

const quarantineSchema = z
  .object({
    strategy: z
      .enum(['Cordon', 'Taint'])
      .default('Cordon')
      .describe(
        'How new pods are kept off a node under repair: Cordon sets spec.unschedulable, Taint adds dnshealth.io/quarantine:NoSchedule. Running pods stay in both.',
      ),
    maxSeconds: z
      .int()
      .min(60)
      .max(540)
      .default(480)
      .describe(
        'The longest time a node stays in quarantine, whatever happens; it is then given back. The bound is below the ten minutes after which some managed clusters replace a cordoned node.',
      ),
  })
  .prefault({})
  .describe('How a node is taken out of scheduling while it is repaired.');

const repairSchema = z
  .object({
    targets: z
      .array(z.enum(RESOLV_CONF_TARGETS))
      .min(1)
      .max(RESOLV_CONF_TARGETS.length)
      // In the CRD the list type says this; the generator cannot see a refinement.
      .refine((targets) => new Set(targets).size === targets.length, 'must not name a file twice')
      .default(['/run/systemd/resolve/resolv.conf'])
      .meta({ 'x-kubernetes-list-type': 'set' })
      .describe(
        'Files that the kubelet may be pointed at, in order of preference. The first one that exists on the node and holds usable nameservers is taken.',
      ),
    acceptRisky: z
      .boolean()
      .default(false)
      .describe(
        'Accept a target that lists true upstream servers next to a cluster-internal one (node-local DNS, cluster DNS, the node itself). Such a file loops now and then.',
      ),
    replaceEmptyValue: z
      .boolean()
      .default(false)
      .describe('Also repair a kubelet whose resolvConf is the empty string, which may be deliberate.'),
  })
  .prefault({})
  .describe('What may be changed on a node.');

const limitsSchema = z
  .object({
    maxConcurrent: z
      .int()
      .min(1)
      .max(10)
      .default(1)
      .describe(
        'How many nodes may be under repair at the same time. The first one is always alone, as the canary.',
      ),
  })
  .prefault({})
  .describe('The blast radius.');

/** A DNS name of ordinary host labels, with or without the final dot. */
const dnsName = () =>
  z
    .string()
    .min(1)
    .max(253)
    .regex(
      /^([a-zA-Z0-9_]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9_])?\.)*[a-zA-Z0-9_]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9_])?\.?$/,
    );

const verificationSchema = z
  .object({
    clusterDomain: dnsName()
      .default('cluster.local')
      .describe(
        'The cluster domain. kubernetes.default.svc.<clusterDomain> must resolve to the API Service address.',
      ),
    externalName: dnsName()
      .optional()
      .describe(
        'A name outside the cluster to ask for. NOERROR and NXDOMAIN pass, everything else fails. Left out, a random name below "invalid." is asked, which every upstream resolver answers with NXDOMAIN, also in an air-gapped network.',
      ),
    stableSeconds: z
      .int()
      .min(1)
      .max(60)
      .default(3)
      .describe(
        'How long the recreated pod must answer without a restart before the repair counts as verified.',
      ),
    timeoutSeconds: z
      .int()
      .min(10)
      .max(600)
      .default(90)
      .describe(
        'How long the recreated pod may take until it is verified. After that the repair has failed.',
      ),
  })
  .refine(({ stableSeconds, timeoutSeconds }) => stableSeconds < timeoutSeconds, {
    path: ['stableSeconds'],
    message: 'stableSeconds must be less than timeoutSeconds',
  })
  .prefault({})
  .meta({
    'x-kubernetes-validations': [
      {
        rule: 'self.stableSeconds < self.timeoutSeconds',
        message: 'stableSeconds must be less than timeoutSeconds',
        fieldPath: '.stableSeconds',
      },
    ],
  })
  .describe('What proves that DNS works again.');

export const policySpecSchema = z
  .object({
    mode: z
      .enum(['Repair', 'Observe'])
      .default('Repair')
      .describe(
        'Repair heals what can be healed safely. Observe only reports: no node and no pod is touched.',
      ),
    workload: workloadSchema,
    quarantine: quarantineSchema,
    repair: repairSchema,
    limits: limitsSchema,
    verification: verificationSchema,
  })
  .describe('What is watched and what may be done. Everything has a default.');
export type PolicySpec = z.infer<typeof policySpecSchema>;

const observationSchema = z.object({
  pod: z.string().describe('The DNS pod that crashed.'),
  node: z.string().describe('The node it ran on.'),
  cause: z.string().describe('The named cause, for example KubeletResolvConf or CorefileError.'),
  message: z.string().describe('What was seen, with the line of the log that says so.'),
  advice: z.string().optional().describe('What a person can do about it.'),
  lastSeen: timestamp().describe('When its container last ended so.'),
});
export type Observation = z.infer<typeof observationSchema>;

export const policyStatusSchema = z
  .object({
    observedGeneration: z.int().optional().describe('The generation of the spec that this status speaks of.'),
    conditions: conditions(),
    dnsPods: z
      .object({
        total: z.int().describe('DNS pods of the workload.'),
        ready: z.int().describe('Those of them that are ready.'),
        looping: z
          .int()
          .describe('Pods whose last container death was a forwarding loop and that do not serve.'),
        summary: z.string().describe('ready/total, for the table.'),
      })
      .optional()
      .describe('The DNS pods as they are now.'),
    quarantinedNodes: z
      .array(z.string())
      .default([])
      .describe('Nodes that the operator holds in quarantine now.'),
    quarantined: z.int().default(0).describe('How many nodes these are.'),
    repaired: z.int().default(0).describe('How many remediations ended healed.'),
    lastRepairTime: timestamp().optional().describe('When the last of them ended.'),
    observations: z
      .array(observationSchema)
      .default([])
      .describe('The last crash seen of each DNS pod that crashed, newest first, at most twenty.'),
  })
  .describe('What the operator sees.');
export type PolicyStatus = z.infer<typeof policyStatusSchema>;
