/** What a policy is about: DNS workloads, nodes, and the remedies that are allowed there. */
import * as z from 'zod';
import { DNS_LABELS_TEXT } from '../keys.ts';
import { objectName } from '../primitives.ts';

const workloadKind = z.enum(['Deployment', 'DaemonSet']);

export const workloadSchema = z
  .object({
    kind: workloadKind
      .default('Deployment')
      .describe('Kind of the workload in kube-system that owns the DNS pods.'),
    name: objectName()
      .default('coredns')
      .describe(
        'Name of the workload in kube-system that owns the DNS pods. Pods of other owners are ignored.',
      ),
    container: objectName().default('coredns').describe('Name of the CoreDNS container in the DNS pods.'),
  })
  .prefault({})
  .describe(
    `DNS pods to watch: pods in kube-system that have one of the labels ${DNS_LABELS_TEXT} and are owned by this workload.`,
  );
export type Workload = z.infer<typeof workloadSchema>;
/** One that owns DNS pods, with the name of their container. */
export type DnsWorkload = Workload;

interface NamesWorkloads {
  readonly workload: Workload;
  readonly otherWorkloads: readonly Workload[];
}

/** All DNS workloads that a policy is about. */
export const workloadsOf = ({ workload, otherWorkloads }: NamesWorkloads): readonly DnsWorkload[] => [
  workload,
  ...otherWorkloads,
];

type Named = Pick<Workload, 'kind' | 'name'>;
export const isSameWorkload = (a: Named, b: Named): boolean => a.kind === b.kind && a.name === b.name;

export const otherWorkloadsSchema = z
  .array(
    z.object({
      kind: workloadKind.describe('Kind of the workload in kube-system that owns the DNS pods.'),
      name: objectName().describe('Name of the workload in kube-system that owns the DNS pods.'),
      container: objectName()
        .default('coredns')
        .describe(
          'Name of the CoreDNS container in the DNS pods, for example node-cache in a node-local cache.',
        ),
    }),
  )
  .max(8)
  .default([])
  .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['kind', 'name'] })
  .describe(
    'Further DNS workloads in kube-system that this policy is about, for example a second CoreDNS. All of them together count as the DNS of the cluster. The DaemonSet of a node-local DNS cache may be named as well: its crashes are reported with their cause and advice. It is not repaired, and does not count as the DNS of the cluster.',
  );

const OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist'] as const;
/** As the API server accepts them for labels of an object. */
const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
const LABEL_KEY =
  /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/)?([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]$/;
const labelKey = () => z.string().min(1).max(317).regex(LABEL_KEY);
const labelValue = () => z.string().max(63).regex(LABEL_VALUE);
const MAX_LABELS = 20;
const VALUES_MESSAGE = 'values must be set for In and NotIn, and unset for Exists and DoesNotExist';

/** As metav1.LabelSelector. */
export const nodeSelectorSchema = z
  .object({
    matchLabels: z
      .record(labelKey(), labelValue())
      .optional()
      .meta({
        maxProperties: MAX_LABELS,
        'x-kubernetes-validations': [
          {
            // A schema has no pattern for keys.
            rule: `self.all(key, size(key) <= 317 && key.matches('${LABEL_KEY.source.replaceAll('\\/', '/').replaceAll('\\', '\\\\')}'))`,
            message: 'must have keys that a label can have, for example example.com/pool',
          },
        ],
      })
      .describe('Labels that a node must have, with exactly these values.'),
    matchExpressions: z
      .array(
        z
          .object({
            key: labelKey().describe('Key of the label.'),
            operator: z.enum(OPERATORS).describe('How the label is compared with values.'),
            values: z
              .array(labelValue())
              .max(50)
              .optional()
              .describe('Values for In and NotIn. Must be unset for Exists and DoesNotExist.'),
          })
          .refine(
            ({ operator, values = [] }) => (operator === 'In' || operator === 'NotIn') === values.length > 0,
            { path: ['values'], message: VALUES_MESSAGE },
          )
          .meta({
            'x-kubernetes-validations': [
              {
                rule: "(self.operator in ['In', 'NotIn']) == (has(self.values) && size(self.values) > 0)",
                message: VALUES_MESSAGE,
                fieldPath: '.values',
              },
            ],
          }),
      )
      .max(MAX_LABELS)
      .optional()
      .describe('Further requirements, all of which a node must meet.'),
  })
  .describe(
    'Nodes that this policy is about. If unset, all nodes. DNS pods on other nodes are watched, and their nodes are left alone. The label dnshealth.io/exclude=true takes out single nodes.',
  );
export type NodeSelector = z.infer<typeof nodeSelectorSchema>;

/** What may be done about a node; what is possible is found out there. */
export const REMEDIES = ['CorrectKubelet', 'RecreatePods'] as const;
export type Remedy = (typeof REMEDIES)[number];

export const remediesSchema = z
  .array(z.enum(REMEDIES))
  .min(1)
  .max(REMEDIES.length)
  // In the CRD the list type enforces this; a refinement does not reach the generator.
  .refine((remedies) => new Set(remedies).size === remedies.length, 'must not name a remedy twice')
  .default([...REMEDIES])
  .meta({ 'x-kubernetes-list-type': 'set' })
  .describe(
    'Remedies that are allowed. CorrectKubelet: change resolvConf, restart the kubelet, and replace the DNS pods that were started before. RecreatePods: replace DNS pods of a kubelet that is right already, which were started before it was. An incident that needs another remedy ends as Refused, with what a person should do.',
  );
