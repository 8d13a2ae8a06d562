/** The programs of the control plane and their command lines; pure, so that a test can read them. */
import { join } from 'node:path';
import type { AddressPlan } from '../address-plan.ts';
import type { RigPaths } from '../rig-paths.ts';

export const COMPONENTS = [
  'etcd',
  'apiserver',
  'controller-manager',
  'scheduler',
  'resolver',
  'proxy',
] as const;

/** `resolver` is the upstream DNS server of the rig's network; `proxy` makes Service addresses answer the machine. */
export type Component = (typeof COMPONENTS)[number];

// The default of 20 requests a second makes forty controllers take four seconds to start.
const QUICK_START = { 'kube-api-qps': '200', 'kube-api-burst': '400' };

/** Program and arguments of a component; `bin` is the folder of programs. */
export function commandLine(component: Component, paths: RigPaths, plan: AddressPlan, bin: string): string[] {
  const pki = (name: string) => join(paths.pki, name);
  const flags = (program: string, options: Record<string, string>) => [
    join(bin, program),
    ...Object.entries(options).map(([name, value]) => `--${name}=${value}`),
  ];
  switch (component) {
    case 'etcd':
      return flags('etcd', {
        'data-dir': join(paths.dir, 'etcd'),
        'listen-client-urls': 'http://127.0.0.1:2379',
        'advertise-client-urls': 'http://127.0.0.1:2379',
        'listen-peer-urls': 'http://127.0.0.1:2380',
        'log-level': 'warn',
        // A rig does not outlive its machine; waiting for the disk would only slow every write down.
        'unsafe-no-fsync': 'true',
      });
    case 'apiserver':
      return flags('kube-apiserver', {
        'advertise-address': plan.controlPlane,
        'etcd-servers': 'http://127.0.0.1:2379',
        'service-cluster-ip-range': plan.serviceNetwork,
        'authorization-mode': 'Node,RBAC',
        'enable-admission-plugins': 'NodeRestriction',
        'client-ca-file': pki('ca.crt'),
        'tls-cert-file': pki('apiserver.crt'),
        'tls-private-key-file': pki('apiserver.key'),
        'kubelet-certificate-authority': pki('ca.crt'),
        'kubelet-client-certificate': pki('kubelet-client.crt'),
        'kubelet-client-key': pki('kubelet-client.key'),
        'kubelet-preferred-address-types': 'InternalIP,Hostname',
        'service-account-issuer': `https://kubernetes.default.svc.${plan.clusterDomain}`,
        'service-account-key-file': pki('sa.key'),
        'service-account-signing-key-file': pki('sa.key'),
        'audit-policy-file': join(paths.etc, 'audit-policy.yaml'),
        'audit-log-path': paths.auditLog,
        'allow-privileged': 'true',
        profiling: 'false',
      });
    case 'controller-manager':
      return flags('kube-controller-manager', {
        kubeconfig: pki('controller-manager.kubeconfig'),
        'authentication-kubeconfig': pki('controller-manager.kubeconfig'),
        'authorization-kubeconfig': pki('controller-manager.kubeconfig'),
        'root-ca-file': pki('ca.crt'),
        'service-account-private-key-file': pki('sa.key'),
        'use-service-account-credentials': 'true',
        'cluster-signing-cert-file': pki('ca.crt'),
        'cluster-signing-key-file': pki('ca.key'),
        // Alone, so a lease would only delay a restart.
        'leader-elect': 'false',
        ...QUICK_START,
      });
    case 'scheduler':
      return flags('kube-scheduler', {
        kubeconfig: pki('scheduler.kubeconfig'),
        'authentication-kubeconfig': pki('scheduler.kubeconfig'),
        'authorization-kubeconfig': pki('scheduler.kubeconfig'),
        'leader-elect': 'false',
        ...QUICK_START,
      });
    case 'resolver':
      return [join(bin, 'coredns'), '-conf', join(paths.etc, 'upstream.Corefile')];
    case 'proxy':
      return flags('kube-proxy', { config: join(paths.etc, 'kube-proxy.yaml') });
    default:
      throw new Error(`unknown component ${String(component satisfies never)}`);
  }
}

/** Files that the components read; name in the rig's `etc` folder and content. */
export function configurationFiles(paths: RigPaths, plan: AddressPlan): Record<string, string> {
  return {
    'audit-policy.yaml': AUDIT_POLICY,
    'upstream.Corefile': upstreamCorefile(plan),
    'kube-proxy.yaml': kubeProxyConfiguration({
      kubeconfig: join(paths.pki, 'kube-proxy.kubeconfig'),
      podNetwork: plan.podNetwork,
      // It has no node of its own here and would wait half a minute for one; only node ports would care.
      hostname: plan.nodes[0]?.name ?? '',
    }),
  };
}

// Writes only: who changed what is asked afterwards, who looked is not.
const AUDIT_POLICY = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: None
  verbs: [get, list, watch]
- level: None
  resources:
  - group: coordination.k8s.io
    resources: [leases]
- level: Metadata
`;

/** example.com and all names below it exist, nothing else does; each query is logged. */
function upstreamCorefile(plan: AddressPlan): string {
  return `.:53 {
    bind ${plan.controlPlane}
    log
    errors
    template IN A example.com {
        answer "{{ .Name }} 60 IN A 203.0.113.10"
    }
    template IN ANY example.com {
        rcode NOERROR
        authority "example.com. 60 IN SOA ns.example.com. admin.example.com. 1 3600 600 86400 60"
    }
    template ANY ANY . {
        rcode NXDOMAIN
        authority ". 60 IN SOA ns.example.com. admin.example.com. 1 3600 600 86400 60"
    }
}
`;
}

export function kubeProxyConfiguration(options: {
  readonly kubeconfig: string;
  readonly podNetwork: string;
  readonly hostname: string;
}): string {
  return `apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: iptables
hostnameOverride: ${options.hostname}
clientConnection:
  kubeconfig: ${options.kubeconfig}
clusterCIDR: ${options.podNetwork}
detectLocalMode: ClusterCIDR
iptables:
  minSyncPeriod: 0s
# These are settings of the whole machine, which a rig leaves alone.
conntrack:
  maxPerCore: 0
  tcpEstablishedTimeout: 0s
  tcpCloseWaitTimeout: 0s
`;
}
