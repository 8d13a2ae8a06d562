/** The two CustomResourceDefinitions, built from the zod schemas. `generate.ts` writes them to `crds/`. */
import type { z } from 'zod';
import { GROUP, VERSION } from './keys.ts';
import { policyStatusSchema } from './policy/status.ts';
import { policySpecSchema } from './policy.ts';
import { remediationSpecSchema, remediationStatusSchema } from './remediation.ts';
import { type StructuralSchema, structuralSchema, withFullDefault } from './structural-schema.ts';

export interface CustomResourceDefinition {
  readonly apiVersion: 'apiextensions.k8s.io/v1';
  readonly kind: 'CustomResourceDefinition';
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly group: string;
    readonly scope: 'Cluster';
    readonly names: Names & { readonly categories: readonly string[] };
    readonly versions: readonly [
      {
        readonly name: string;
        readonly served: true;
        readonly storage: true;
        readonly subresources: { readonly status: Readonly<Record<string, never>> };
        readonly additionalPrinterColumns: readonly PrinterColumn[];
        readonly schema: { readonly openAPIV3Schema: StructuralSchema };
      },
    ];
  };
}

interface Names {
  readonly kind: string;
  readonly listKind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
}

interface PrinterColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date';
  readonly jsonPath: string;
  readonly description: string;
  /** 1: shown only with `-o wide`. */
  readonly priority?: 1;
}

interface Definition {
  readonly names: Names;
  readonly description: string;
  readonly spec: z.ZodType;
  /** Without a spec, an object has the default one. */
  readonly specIsOptional: boolean;
  readonly status: z.ZodType;
  readonly columns: readonly PrinterColumn[];
}

const AGE: PrinterColumn = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  description: 'Time since the object was created.',
};

const policy: Definition = {
  names: {
    kind: 'DNSHealthPolicy',
    listKind: 'DNSHealthPolicyList',
    plural: 'dnshealthpolicies',
    singular: 'dnshealthpolicy',
    shortNames: ['dnshealth'],
  },
  description:
    'Declares which DNS pods are watched and how a node is repaired whose kubelet makes them loop. An empty spec suits a cluster installed with kubeadm or kubespray.',
  spec: policySpecSchema,
  specIsOptional: true,
  status: policyStatusSchema,
  columns: [
    { name: 'Mode', type: 'string', jsonPath: '.spec.mode', description: 'Mode of the policy.' },
    {
      name: 'DNS',
      type: 'string',
      jsonPath: '.status.dnsPods.summary',
      description: 'Ready and total number of DNS pods.',
    },
    {
      name: 'Answering',
      type: 'string',
      jsonPath: '.status.dnsPods.answeringSummary',
      description: 'Answering and total number of DNS pods.',
    },
    {
      name: 'Health',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Healthy")].reason',
      description: 'Reason of the condition Healthy.',
    },
    {
      name: 'Looping',
      type: 'integer',
      jsonPath: '.status.dnsPods.looping',
      description: 'Number of DNS pods in a forwarding loop.',
    },
    {
      name: 'Nodes',
      type: 'string',
      jsonPath: '.status.nodes.summary',
      description: 'Checked and total number of nodes.',
    },
    {
      name: 'Drifted',
      type: 'integer',
      jsonPath: '.status.nodes.drifted',
      description: 'Number of nodes on which the next CoreDNS pod would loop.',
    },
    {
      name: 'Waiting',
      type: 'integer',
      jsonPath: '.status.waitingCount',
      description: 'Number of incidents that wait; status.waiting says for what.',
    },
    {
      name: 'Quarantined',
      type: 'integer',
      jsonPath: '.status.quarantined',
      description: 'Number of nodes in quarantine now.',
    },
    {
      name: 'Repaired',
      type: 'integer',
      jsonPath: '.status.repaired',
      description: 'Number of remediations that healed.',
    },
    {
      name: 'Last Repair',
      type: 'date',
      jsonPath: '.status.lastRepairTime',
      description: 'Time since the latest remediation healed.',
    },
    AGE,
    {
      name: 'Ready',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Ready")].reason',
      description: 'Reason of the condition Ready: Watching, or why the policy has no effect.',
      priority: 1,
    },
    {
      name: 'Paused',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Paused")].status',
      description: 'Whether someone has paused repairs.',
      priority: 1,
    },
    {
      name: 'Breaker Open',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="BreakerOpen")].status',
      description: 'Whether failed repairs stop all further ones.',
      priority: 1,
    },
    {
      name: 'Failed',
      type: 'integer',
      jsonPath: '.status.totals.failed',
      description: 'Number of remediations that failed.',
      priority: 1,
    },
  ],
};

const remediation: Definition = {
  names: {
    kind: 'DNSRemediation',
    listKind: 'DNSRemediationList',
    plural: 'dnsremediations',
    singular: 'dnsremediation',
    shortNames: ['dnsrem'],
  },
  description:
    'One incident on one node, from the first sign of a forwarding loop to the release of the node. Created by the operator: the spec is the evidence and never changes, the status records progress and outcome.',
  spec: remediationSpecSchema,
  specIsOptional: false,
  status: remediationStatusSchema,
  columns: [
    { name: 'Node', type: 'string', jsonPath: '.spec.node.name', description: 'Node under repair.' },
    { name: 'Cause', type: 'string', jsonPath: '.spec.cause', description: 'Diagnosed cause of the loop.' },
    {
      name: 'Phase',
      type: 'string',
      jsonPath: '.status.phase',
      description: 'Current phase, or the outcome.',
    },
    {
      name: 'Reason',
      type: 'string',
      jsonPath: '.status.reason',
      description: 'Reason for the current wait or the outcome.',
    },
    {
      name: 'Took',
      type: 'string',
      jsonPath: '.status.took',
      description: 'Time from the beginning of the incident to the outcome.',
    },
    AGE,
    {
      name: 'Trigger',
      type: 'string',
      jsonPath: '.spec.trigger',
      description: 'What the incident began with.',
      priority: 1,
    },
    {
      name: 'Policy',
      type: 'string',
      jsonPath: '.spec.policy.name',
      description: 'Policy under which the node is repaired.',
      priority: 1,
    },
    {
      name: 'Approved By',
      type: 'string',
      jsonPath: '.status.approval.by',
      description: 'User that approved the plan, if it was approved.',
      priority: 1,
    },
  ],
};

export const customResourceDefinitions: readonly CustomResourceDefinition[] = [policy, remediation].map(
  build,
);

function build(definition: Definition): CustomResourceDefinition {
  const { names, description, columns } = definition;
  const spec = structuralSchema(definition.spec);
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${names.plural}.${GROUP}` },
    spec: {
      group: GROUP,
      scope: 'Cluster',
      // Not the short name of either kind, so that `kubectl get dns-health` lists both kinds.
      names: { ...names, categories: ['dns-health'] },
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: columns,
          schema: {
            openAPIV3Schema: {
              type: 'object',
              description,
              ...(definition.specIsOptional ? {} : { required: ['spec'] }),
              properties: {
                apiVersion: {
                  type: 'string',
                  description: `Versioned schema of this object: ${GROUP}/${VERSION}.`,
                },
                kind: { type: 'string', description: `Kind of this object: ${names.kind}.` },
                metadata: { type: 'object' },
                spec: definition.specIsOptional ? optional(spec) : spec,
                status: structuralSchema(definition.status),
              },
            },
          },
        },
      ],
    },
  };
}

/** Without a default of its own, an omitted spec would stay absent, together with all defaults inside it. */
function optional(spec: StructuralSchema): StructuralSchema {
  return withFullDefault({ ...spec, default: {} });
}
