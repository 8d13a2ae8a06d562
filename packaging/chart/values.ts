/** The values of the Helm chart. values.yaml, its comments and values.schema.json are generated from this schema. */
import * as z from 'zod';

/** Of a Kubernetes object, or of a part of its name. */
const objectName = z
  .string()
  .max(253)
  .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/);
const optionalName = z
  .string()
  .max(253)
  .regex(/^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$/);
/** Of a label or an annotation, with or without the domain in front of it. */
const key = z
  .string()
  .max(317)
  .regex(/^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/);
const labels = z.record(
  key,
  z
    .string()
    .max(63)
    .regex(/^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/),
);
const annotations = z.record(key, z.string());
const quantity = z.union([
  z.string().regex(/^[0-9]+(\.[0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$/),
  z.number().positive(),
]);
/** Whatever the API of Kubernetes accepts there: it is checked by the API server, not here. */
const free = z.record(z.string(), z.unknown());

/** The namespaces of config/namespaces. */
const NAMESPACES = ['dnshealth-system', 'dnshealth-node', 'dnshealth-check'] as const;
/** The files of config/samples/policies. */
const SAMPLES = ['look-only', 'ask-me', 'business-hours', 'hands-off'] as const;

const image = z
  .strictObject({
    repository: z
      .string()
      .regex(/^([A-Za-z0-9.-]+(:[0-9]+)?\/)?[a-z0-9]+([._-]+[a-z0-9]+)*(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*$/)
      .default('dnshealth-operator')
      .describe(
        'The repository with its registry, without a tag: registry.example.com/dnshealth-operator. The operator starts the pods on nodes from the same image.',
      ),
    tag: z
      .string()
      .regex(/^([A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?$/)
      .default('')
      .describe('The tag. If it is empty, the appVersion of the chart is the tag.'),
    digest: z
      .string()
      .regex(/^(sha256:[0-9a-f]{64})?$/)
      .default('')
      .describe('The digest, sha256: and 64 hexadecimal digits. If it is set, the tag is not used.'),
    pullPolicy: z
      .enum(['IfNotPresent', 'Always', 'Never'])
      .default('IfNotPresent')
      .describe(
        'When the pods of the operator pull the image. The pods on nodes always use IfNotPresent, because a repair should not depend on a registry.',
      ),
  })
  .prefault({})
  .describe('The image of the operator.');

const toleration = z.strictObject({
  key: z.string().optional().describe('Key of the taint. Without one, all keys are tolerated.'),
  operator: z.enum(['Exists', 'Equal']).optional().describe('How the value is compared.'),
  value: z.string().optional().describe('Value of the taint, for the operator Equal.'),
  effect: z
    .enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute'])
    .optional()
    .describe('Effect of the taint. Without one, all effects are tolerated.'),
  tolerationSeconds: z
    .int()
    .min(0)
    .max(2_147_483_647)
    .optional()
    .describe('How long a taint NoExecute is tolerated.'),
});

const resourceList = z.strictObject({
  cpu: quantity.optional().describe('Cores, for example 20m.'),
  memory: quantity.optional().describe('Bytes, for example 96Mi.'),
  'ephemeral-storage': quantity.optional().describe('Bytes on the disk of the node.'),
});

const monitoring = z
  .strictObject({
    podMonitor: z
      .strictObject({
        install: z.boolean().default(false).describe('Let Prometheus scrape both replicas.'),
      })
      .prefault({})
      .describe('A PodMonitor. It needs the CRDs of the Prometheus Operator.'),
    prometheusRule: z
      .strictObject({
        install: z.boolean().default(false).describe('Create the alerts (docs/watching.md).'),
        runbooks: z
          .string()
          .regex(/^https?:\/\/\S+\/$/)
          .default('https://example.com/dnshealth-operator/docs/runbooks/')
          .describe(
            'Where your copy of docs/runbooks is read, with a slash at the end. The links of the alerts begin with it; the default leads nowhere.',
          ),
      })
      .prefault({})
      .describe('A PrometheusRule. It needs the CRDs of the Prometheus Operator.'),
    labels: labels
      .default({})
      .describe('More labels on both, by which your Prometheus selects them.')
      .meta({ examples: [{ release: 'kube-prometheus-stack' }] }),
    dashboard: z
      .strictObject({
        install: z.boolean().default(false).describe('Create a ConfigMap with the dashboard.'),
        labels: labels
          .default({ grafana_dashboard: '1' })
          .describe('Labels by which the sidecar of Grafana finds it.'),
      })
      .prefault({})
      .describe('The dashboard for Grafana.'),
  })
  .prefault({})
  .describe('Metrics, alerts and a dashboard (docs/watching.md). None of it is needed to run the operator.');

export const valuesSchema = z.strictObject({
  image,
  imagePullSecrets: z
    .array(z.strictObject({ name: objectName.describe('Name of a Secret with credentials.') }))
    .default([])
    .describe(
      'Secrets of the registry, for the pods of the operator and for its pods on nodes. Each must exist in dnshealth-system, dnshealth-node and dnshealth-check.',
    )
    .meta({ examples: [[{ name: 'registry' }]] }),
  replicas: z
    .int()
    .min(0)
    .max(10)
    .default(2)
    .describe('Pods of the operator. One leads, the others are warm standbys; 0 stops the operator.'),
  logLevel: z
    .enum(['debug', 'info', 'warn', 'error'])
    .default('info')
    .describe('The least severe lines that are logged: debug, info, warn or error.'),
  notifications: z
    .strictObject({
      secretName: objectName
        .default('dnshealth-notifications')
        .describe('The Secret in dnshealth-system that says who is told. It need not exist.'),
    })
    .prefault({})
    .describe('Who is told what the operator does (docs/notifications.md).'),
  policy: z
    .strictObject({
      install: z
        .boolean()
        .default(false)
        .describe(
          'Create the policy "default". It needs the CRDs in the cluster: install the chart first, then upgrade it with this value.',
        ),
      sample: z
        .enum(SAMPLES)
        .default('look-only')
        .describe(
          'Which one: look-only (report), ask-me (repair what was approved), business-hours (repair in a window) or hands-off (repair).',
        ),
    })
    .prefault({})
    .describe(
      'A policy decides how far the operator goes; without one it does nothing. For any other policy, create a DNSHealthPolicy of your own (docs/policy.md).',
    ),
  monitoring,
  crds: z
    .strictObject({
      install: z
        .boolean()
        .default(true)
        .describe('Install and upgrade the CRDs with the chart. They stay when the release is uninstalled.'),
    })
    .prefault({})
    .describe('The two CustomResourceDefinitions.'),
  namespaces: z
    .array(z.enum(NAMESPACES))
    .default([...NAMESPACES])
    .describe(
      'The namespaces that the chart creates; their names are fixed. Leave out dnshealth-system if the release itself is stored there: Helm cannot own the namespace that holds its record.',
    ),
  admission: z
    .strictObject({
      install: z
        .boolean()
        .default(true)
        .describe(
          'Needs Kubernetes 1.30. Without it, whoever may change a record can sign for others, and whoever has the token of the operator can run anything on every node.',
        ),
    })
    .prefault({})
    .describe(
      'The admission policies, which hold that nobody answers in the name of another person, and that the operator writes only what its program writes (docs/security.md).',
    ),
  networkPolicies: z
    .strictObject({
      install: z
        .boolean()
        .default(true)
        .describe(
          'They allow connections to ports 443, 6443, 8443, 16443 and 53, and from anywhere to the metrics. An API server or a receiver at another port needs one more policy beside them.',
        ),
    })
    .prefault({})
    .describe('Which connections the pods of the operator may make.'),
  quota: z
    .strictObject({
      install: z
        .boolean()
        .default(true)
        .describe(
          'At most 200 pods at once in dnshealth-node, and no workload beside the Jobs of the operator.',
        ),
    })
    .prefault({})
    .describe('The quota of the namespace whose pods mount directories of nodes.'),
  userRoles: z
    .strictObject({
      install: z
        .boolean()
        .default(true)
        .describe('Create them: viewer (aggregated to view), approver, pauser, admin and checker.'),
    })
    .prefault({})
    .describe('The roles for users. All but the viewer are bound to nobody.'),
  resources: z
    .strictObject({
      requests: resourceList.optional().describe('What the scheduler reserves.'),
      limits: resourceList.optional().describe('What a container may use.'),
    })
    .default({ requests: { cpu: '20m', memory: '96Mi' }, limits: { memory: '256Mi' } })
    .describe('Requests and limits of a pod of the operator. null removes one.'),
  priorityClassName: optionalName
    .default('system-cluster-critical')
    .describe('The PriorityClass of the pods of the operator. Empty: the default of the cluster.'),
  nodeSelector: labels.default({}).describe('Labels of the nodes on which the operator may run.'),
  tolerations: z
    .array(toleration)
    .default([
      { key: 'node-role.kubernetes.io/control-plane', operator: 'Exists', effect: 'NoSchedule' },
      { key: 'dnshealth.io/quarantine', operator: 'Exists' },
    ])
    .describe(
      'Taints that the operator tolerates. Small clusters have only control-plane nodes, and the operator may run on a node in quarantine. A list of your own replaces this one.',
    ),
  affinity: z
    .strictObject({
      nodeAffinity: free.optional().describe('As in the spec of a pod.'),
      podAffinity: free.optional().describe('As in the spec of a pod.'),
      podAntiAffinity: free.optional().describe('As in the spec of a pod.'),
    })
    .default({
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          {
            weight: 100,
            podAffinityTerm: {
              topologyKey: 'kubernetes.io/hostname',
              labelSelector: { matchLabels: { 'app.kubernetes.io/name': 'dnshealth-operator' } },
            },
          },
        ],
      },
    })
    .describe(
      'Affinity of the pods. One for each node is only preferred, so that a cluster with a single node can run both there.',
    ),
  labels: labels
    .default({})
    .describe('Labels on all objects of the chart. A label that an object has already keeps its value.')
    .meta({ examples: [{ team: 'platform' }] }),
  annotations: annotations.default({}).describe('Annotations on all objects of the chart, in the same way.'),
  podLabels: labels.default({}).describe('More labels on the pods of the operator.'),
  podAnnotations: annotations
    .default({ 'prometheus.io/scrape': 'true', 'prometheus.io/port': '8080' })
    .describe('Annotations on the pods of the operator.'),
  extraObjects: z
    .array(free)
    .default([])
    .describe('More objects that belong to the release. Templates in them are rendered.')
    .meta({
      examples: [
        [
          {
            apiVersion: 'v1',
            kind: 'ConfigMap',
            metadata: { name: 'mine', namespace: 'dnshealth-system' },
          },
        ],
      ],
    }),
  global: free
    .optional()
    .describe('Not used. Helm passes it to a chart that is a dependency of another one.'),
});
