/** DNSHealthPolicy: what an administrator declares. `crds/` is generated from these schemas. */
import * as z from 'zod';
import { driftPolicySchema } from './drift.ts';
import { approvalPolicySchema, MODES } from './policy/approval.ts';
import { breakerSchema, canarySchema, limitsSchema } from './policy/limits.ts';
import { maintenanceSchema } from './policy/maintenance.ts';
import { pauseSchema } from './policy/pause.ts';
import {
  isSameWorkload,
  nodeSelectorSchema,
  otherWorkloadsSchema,
  remediesSchema,
  workloadSchema,
} from './policy/scope.ts';

/**
 * Files that resolvConf may be set to. A closed list, because with a free path the author of a policy could choose
 * what every new pod on a node reads.
 */
export const RESOLV_CONF_TARGETS = [
  '/run/systemd/resolve/resolv.conf',
  '/run/NetworkManager/no-stub-resolv.conf',
] as const;

/** The longest that a policy can allow, for what holds without one. */
export const MAX_QUARANTINE_SECONDS = 540;

const quarantineSchema = z
  .object({
    strategy: z
      .enum(['Cordon', 'Taint'])
      .default('Taint')
      .describe(
        'How new pods are kept off a node under repair. Taint adds the taint dnshealth.io/quarantine:NoSchedule; Cordon sets spec.unschedulable. Running pods stay on the node in both cases. With Cordon, a cordon that someone else sets during the quarantine is kept only if spec.unschedulable was written again for it: kubectl cordon and kubectl drain write nothing on a node that is already cordoned.',
      ),
    maxSeconds: z
      .int()
      .min(60)
      .max(MAX_QUARANTINE_SECONDS)
      .default(480)
      .describe(
        'Maximum time in seconds that a node stays in quarantine; it is then released, whatever the state of the repair. The upper bound is below the ten minutes after which some managed clusters replace a cordoned node.',
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
      // In the CRD the list type enforces this; a refinement does not reach the generator.
      .refine((targets) => new Set(targets).size === targets.length, 'must not name a file twice')
      .default(['/run/systemd/resolve/resolv.conf'])
      .meta({ 'x-kubernetes-list-type': 'set' })
      .describe(
        'Files that resolvConf of the kubelet may be set to, in order of preference. The first one that exists on the node and lists usable nameservers is chosen.',
      ),
    acceptRisky: z
      .boolean()
      .default(false)
      .describe(
        'Accept a target file that lists a cluster-internal nameserver (node-local DNS, cluster DNS or the node itself) beside upstream ones. Such a file can still cause a loop.',
      ),
    replaceEmptyValue: z
      .boolean()
      .default(false)
      .describe(
        'Also repair a kubelet whose resolvConf is the empty string. The empty string may have been set on purpose.',
      ),
    remedies: remediesSchema,
  })
  .prefault({})
  .describe('What the operator may change on a node.');

/** A DNS name with ordinary host labels, with or without the final dot. */
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
        'Domain of the cluster. The name kubernetes.default.svc.<clusterDomain> must resolve to the address of the Service kubernetes.',
      ),
    externalName: dnsName()
      .optional()
      .describe(
        'Name outside the cluster that DNS is asked for. The answers NOERROR and NXDOMAIN pass, everything else fails. If unset, a random name below "invalid." is asked, which every upstream resolver answers with NXDOMAIN, even in an air-gapped network.',
      ),
    stableSeconds: z
      .int()
      .min(1)
      .max(60)
      .default(3)
      .describe(
        'Stability window in seconds: how long the recreated pod must answer without a restart before the repair counts as verified.',
      ),
    timeoutSeconds: z
      .int()
      .min(10)
      .max(600)
      .default(90)
      .describe(
        'Maximum time in seconds for the verification of the recreated pod. If it takes longer, the repair has failed.',
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
  .describe('Checks which prove that DNS works after a repair.');

/** Off. */
export const PROBER_OFF = 0;
const SHORTEST_PROBER_SECONDS = 5;

const proberSchema = z
  .object({
    intervalSeconds: z
      .int()
      .min(PROBER_OFF)
      .max(3600)
      .default(30)
      .describe(
        'Seconds between two rounds of questions to the same DNS pod, at least 5; 0 turns the prober off. With many pods the rounds of each are further apart, so that all questions together stay at about five a second.',
      ),
  })
  .refine(
    ({ intervalSeconds }) => intervalSeconds === PROBER_OFF || intervalSeconds >= SHORTEST_PROBER_SECONDS,
    { path: ['intervalSeconds'], message: 'intervalSeconds must be 0 or at least 5' },
  )
  .prefault({})
  .meta({
    'x-kubernetes-validations': [
      {
        rule: `self.intervalSeconds == ${PROBER_OFF} || self.intervalSeconds >= ${SHORTEST_PROBER_SECONDS}`,
        message: 'intervalSeconds must be 0 or at least 5',
        fieldPath: '.intervalSeconds',
      },
    ],
  })
  .describe(
    'How the DNS pods are asked while nothing is wrong: each one at its own address, for a name of the cluster and an external one (see verification), over UDP and TCP, and the cluster DNS Service as well.',
  );

const TWICE = 'otherWorkloads must not name spec.workload once more';

export const policySpecSchema = z
  .object({
    mode: z
      .enum(MODES)
      .default('Repair')
      .describe(
        'How far the operator goes with a node whose kubelet makes CoreDNS loop, or would make the next CoreDNS pod loop. Observe: report it; nodes are checked as well, but nothing that can read or change files of a node is started. Plan: also inspect the node, and record the change that a repair would make. Approve: make that change once a person has approved it. Repair: make it.',
      ),
    approval: approvalPolicySchema,
    pause: pauseSchema,
    workload: workloadSchema,
    otherWorkloads: otherWorkloadsSchema,
    nodeSelector: nodeSelectorSchema.optional(),
    quarantine: quarantineSchema,
    repair: repairSchema,
    limits: limitsSchema,
    canary: canarySchema,
    breaker: breakerSchema,
    maintenance: maintenanceSchema,
    verification: verificationSchema,
    prober: proberSchema,
    drift: driftPolicySchema,
  })
  .refine(({ workload, otherWorkloads }) => !otherWorkloads.some((one) => isSameWorkload(one, workload)), {
    path: ['otherWorkloads'],
    message: TWICE,
  })
  .meta({
    'x-kubernetes-validations': [
      {
        rule: '!self.otherWorkloads.exists(one, one.kind == self.workload.kind && one.name == self.workload.name)',
        message: TWICE,
        fieldPath: '.otherWorkloads',
      },
    ],
  })
  .describe(
    'Which DNS pods are watched, how nodes are checked, and what may be done about a loop. Every field has a default.',
  );
export type PolicySpec = z.infer<typeof policySpecSchema>;
