/** The rig's certificate authority, certificates and kubeconfigs, created with openssl: Node.js can only read X.509. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AddressPlan, urlHost } from '../address-plan.ts';
import type { RigPaths } from '../rig-paths.ts';
import { run } from '../run.ts';

interface Certificate {
  readonly file: string;
  /** /O=group/CN=user as Kubernetes reads it. */
  readonly subject: string;
  readonly usage: 'serverAuth' | 'clientAuth';
  readonly names?: string;
}

const CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
const DAYS = ['-days', '3650'];

/** The clients of the apiserver besides the kubelets, under the names to which Kubernetes binds its own roles. */
const CLIENTS = {
  admin: '/O=system:masters/CN=kubernetes-admin',
  'controller-manager': '/CN=system:kube-controller-manager',
  scheduler: '/CN=system:kube-scheduler',
  'kube-proxy': '/CN=system:kube-proxy',
} as const;

export async function makeCertificates(paths: RigPaths, plan: AddressPlan): Promise<void> {
  await mkdir(paths.pki, { recursive: true });
  const file = (name: string) => join(paths.pki, name);
  const emptyConfig = file('openssl.cnf');
  await writeFile(emptyConfig, '[req]\ndistinguished_name = dn\n[dn]\n');
  const request = ['openssl', 'req', '-x509', '-config', emptyConfig, ...CURVE, ...DAYS];
  await run([
    ...request,
    '-subj',
    `/CN=dnshealth-rig-${paths.name}`,
    '-keyout',
    file('ca.key'),
    '-out',
    file('ca.crt'),
    '-addext',
    'basicConstraints=critical,CA:TRUE',
    '-addext',
    'keyUsage=critical,keyCertSign,cRLSign,digitalSignature',
  ]);
  const sign = (certificate: Certificate) =>
    run([
      ...request,
      '-CA',
      file('ca.crt'),
      '-CAkey',
      file('ca.key'),
      '-subj',
      certificate.subject,
      '-keyout',
      file(`${certificate.file}.key`),
      '-out',
      file(`${certificate.file}.crt`),
      '-addext',
      'basicConstraints=critical,CA:FALSE',
      '-addext',
      `extendedKeyUsage=${certificate.usage}`,
      ...(certificate.names === undefined ? [] : ['-addext', `subjectAltName=${certificate.names}`]),
    ]);
  await Promise.all([
    run([
      'openssl',
      'genpkey',
      '-algorithm',
      'RSA',
      '-pkeyopt',
      'rsa_keygen_bits:2048',
      '-out',
      file('sa.key'),
    ]),
    ...certificates(plan).map(sign),
  ]);
  for (const client of [...Object.keys(CLIENTS), ...plan.nodes.map((node) => node.name)]) {
    await writeFile(file(`${client}.kubeconfig`), await kubeconfig(paths, plan, client), { mode: 0o600 });
  }
  await writeFile(paths.kubeconfig, await kubeconfig(paths, plan, 'admin'), { mode: 0o600 });
}

export function certificates(plan: AddressPlan): Certificate[] {
  const apiserverNames = [
    ...['kubernetes', 'kubernetes.default', 'kubernetes.default.svc'].map((name) => `DNS:${name}`),
    `DNS:kubernetes.default.svc.${plan.clusterDomain}`,
    ...plan.networks
      .flatMap(({ controlPlane, kubernetesService }) => [controlPlane, kubernetesService])
      .map(ip),
    ip('127.0.0.1'),
  ].join(',');
  return [
    { file: 'apiserver', subject: '/CN=kube-apiserver', usage: 'serverAuth', names: apiserverNames },
    {
      file: 'kubelet-client',
      subject: '/O=system:masters/CN=kube-apiserver-kubelet-client',
      usage: 'clientAuth',
    },
    ...Object.entries(CLIENTS).map(([file, subject]) => ({ file, subject, usage: 'clientAuth' as const })),
    ...plan.nodes.flatMap((node) => {
      const subject = `/O=system:nodes/CN=system:node:${node.name}`;
      return [
        { file: node.name, subject, usage: 'clientAuth' as const },
        {
          file: `${node.name}-serving`,
          subject,
          usage: 'serverAuth' as const,
          names: [`DNS:${node.name}`, ...node.addresses.map(ip)].join(','),
        },
      ];
    }),
  ];
}

const ip = (address: string): string => `IP:${address}`;

/** With the certificates inside, so that the file can be copied anywhere. */
async function kubeconfig(paths: RigPaths, plan: AddressPlan, client: string): Promise<string> {
  const base64 = async (name: string) => (await readFile(join(paths.pki, name))).toString('base64');
  return `apiVersion: v1
kind: Config
clusters:
- name: ${paths.name}
  cluster:
    certificate-authority-data: ${await base64('ca.crt')}
    server: https://${urlHost(plan.primary.controlPlane)}:6443
users:
- name: ${client}
  user:
    client-certificate-data: ${await base64(`${client}.crt`)}
    client-key-data: ${await base64(`${client}.key`)}
contexts:
- name: ${client}@${paths.name}
  context:
    cluster: ${paths.name}
    user: ${client}
current-context: ${client}@${paths.name}
`;
}
