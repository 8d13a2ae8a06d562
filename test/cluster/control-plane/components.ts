/** The programs of the control plane, their command lines and configuration files; pure. */
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

/** `resolver` is the upstream DNS server of the rig; `proxy` makes the Services reachable from the machine. */
export type Component = (typeof COMPONENTS)[number];

// With the default of 20 requests a second, the forty controllers take four seconds to start.
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
        // A rig does not survive a crash of the machine; waiting for the disk would only slow down each write.
        'unsafe-no-fsync': 'true',
      });
    case 'apiserver':
      return flags('kube-apiserver', {
        'advertise-address': plan.primary.controlPlane,
        'etcd-servers': 'http://127.0.0.1:2379',
        'service-cluster-ip-range': plan.networks.map((network) => network.serviceNetwork).join(','),
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
        // There is only one; a lease would delay a restart.
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

/** Files that the components read: name in the rig's `etc` folder, and content. */
export function configurationFiles(paths: RigPaths, plan: AddressPlan): Record<string, string> {
  return {
    'audit-policy.yaml': AUDIT_POLICY,
    'upstream.Corefile': upstreamCorefile(plan),
    'kube-proxy.yaml': kubeProxyConfiguration({
      kubeconfig: join(paths.pki, 'kube-proxy.kubeconfig'),
      plan,
      // It runs on no node, and would wait half a minute for one of its own. Only node ports depend on it.
      hostname: plan.nodes[0]?.name ?? '',
    }),
  };
}

// Writes only: tests ask who changed what, not who read it.
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

const EXAMPLE_AAAA = `    template IN AAAA example.com {
        answer "{{ .Name }} 60 IN AAAA 2001:db8::10"
    }
`;

/** Knows example.com and all names below it, nothing else; logs each query. */
function upstreamCorefile(plan: AddressPlan): string {
  return `.:53 {
    bind ${plan.networks.map(({ controlPlane }) => controlPlane).join(' ')}
    log
    errors
    template IN A example.com {
        answer "{{ .Name }} 60 IN A 203.0.113.10"
    }
${plan.ipFamily === 'ipv4' ? '' : EXAMPLE_AAAA}    template IN ANY example.com {
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
  readonly plan: AddressPlan;
  readonly hostname: string;
}): string {
  return `apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: iptables
hostnameOverride: ${options.hostname}
clientConnection:
  kubeconfig: ${options.kubeconfig}
clusterCIDR: ${options.plan.networks.map(({ podNetwork }) => podNetwork).join(',')}
detectLocalMode: ClusterCIDR
iptables:
  minSyncPeriod: 0s
# These are settings of the whole machine, which a rig must not change.
conntrack:
  maxPerCore: 0
  tcpEstablishedTimeout: 0s
  tcpCloseWaitTimeout: 0s
`;
}
