/** A pod that runs the cluster's own CoreDNS image with a Corefile of its own, within the Pod Security level restricted. */
import type { PodTemplate } from './probe.ts';

const COREFILE_ANNOTATION = 'dnshealth.io/corefile';
/**
 * How often it asks through its upstreams. Each `loop` plugin asks once, and the forwarder takes any server of the list: with
 * one loopback address of two, one question in two does not meet it.
 */
export const QUESTIONS = 8;

/** A zone that no upstream has, for each question but the first. */
const ZONES = ['.', ...Array.from({ length: QUESTIONS - 1 }, (_, at) => `${at + 1}.invalid`)];

/** On port 53, because a loop comes back there. */
const COREFILE = `(question) {
  errors
  log
  loop
  forward . /etc/resolv.conf
}
${ZONES.map((zone) => `${zone}:53 {\n  import question\n}\n`).join('')}`;
const NOBODY = 65_534;

export interface CoreDnsPodRequest {
  readonly node: string;
  readonly image: string;
  readonly activeDeadlineSeconds: number;
}

export function coreDnsPod({ node, image, activeDeadlineSeconds }: CoreDnsPodRequest): PodTemplate {
  return {
    annotations: { [COREFILE_ANNOTATION]: COREFILE },
    spec: {
      nodeName: node,
      tolerations: [{ operator: 'Exists' }],
      restartPolicy: 'Never',
      dnsPolicy: 'Default',
      enableServiceLinks: false,
      automountServiceAccountToken: false,
      activeDeadlineSeconds,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: NOBODY,
        runAsGroup: NOBODY,
        seccompProfile: { type: 'RuntimeDefault' },
        // A safe sysctl, which the level restricted allows: port 53 needs no capability then.
        sysctls: [{ name: 'net.ipv4.ip_unprivileged_port_start', value: '0' }],
      },
      containers: [
        {
          name: 'coredns',
          image,
          imagePullPolicy: 'IfNotPresent',
          args: ['-conf', '/etc/coredns/Corefile'],
          // The line that ends the process is in its status then, without a request for the log.
          terminationMessagePolicy: 'FallbackToLogsOnError',
          resources: { requests: { cpu: '0', memory: '16Mi' }, limits: { memory: '170Mi' } },
          securityContext: {
            privileged: false,
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            // Not used, because of the sysctl. But the binary in most images has this file capability, and without it in
            // the bounding set the kernel refuses to execute it (EPERM). The level restricted allows to add it.
            capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] },
          },
          volumeMounts: [{ name: 'corefile', mountPath: '/etc/coredns', readOnly: true }],
        },
      ],
      // No ConfigMap: it would be one more thing to create and to clean up.
      volumes: [
        {
          name: 'corefile',
          downwardAPI: {
            items: [
              {
                path: 'Corefile',
                fieldRef: { fieldPath: `metadata.annotations['${COREFILE_ANNOTATION}']` },
              },
            ],
          },
        },
      ],
    },
  };
}
