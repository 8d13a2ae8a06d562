/** Command lines and files of the test apiserver and its etcd. Below `apiserver.ts`, which runs them. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface ApiserverFiles {
  readonly certificates: string;
  readonly certificate: string;
  readonly tokens: string;
  readonly serviceAccountKey: string;
  readonly auditPolicy: string;
  readonly auditLog: string;
  readonly kubeconfig: string;
}

export async function writeFiles(folder: string, token: string, port: number): Promise<ApiserverFiles> {
  const certificates = join(folder, 'certificates');
  const files: ApiserverFiles = {
    certificates,
    certificate: join(certificates, 'apiserver.crt'),
    tokens: join(folder, 'tokens.csv'),
    serviceAccountKey: join(folder, 'service-account.key'),
    auditPolicy: join(folder, 'audit-policy.json'),
    auditLog: join(folder, 'audit.log'),
    kubeconfig: join(folder, 'kubeconfig.json'),
  };
  await mkdir(certificates);
  await writeServiceAccountKey(files);
  await writeFile(files.tokens, `${token},admin,admin,"system:masters"\n`);
  await writeFile(files.auditLog, '');
  await writeFile(
    files.auditPolicy,
    JSON.stringify({
      apiVersion: 'audit.k8s.io/v1',
      kind: 'Policy',
      omitStages: ['RequestReceived'],
      rules: [
        // With the answer, because its resourceVersion is the write's place in etcd's order.
        { level: 'RequestResponse', verbs: ['create', 'update', 'patch', 'delete'], omitManagedFields: true },
        { level: 'Metadata' },
      ],
    }),
  );
  await writeFile(
    files.kubeconfig,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'test',
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
      users: [{ name: 'admin', user: { token } }],
      clusters: [
        {
          name: 'test',
          cluster: { server: `https://127.0.0.1:${port}`, 'certificate-authority': files.certificate },
        },
      ],
    }),
  );
  return files;
}

export async function writeServiceAccountKey({ serviceAccountKey }: ApiserverFiles): Promise<void> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  await writeFile(serviceAccountKey, privateKey.export({ type: 'pkcs8', format: 'pem' }));
}

export function etcdFlags(folder: string, clientPort: number, peerPort: number): readonly string[] {
  const client = `http://127.0.0.1:${clientPort}`;
  const peer = `http://127.0.0.1:${peerPort}`;
  return [
    `--data-dir=${join(folder, 'etcd')}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    '--log-level=warn',
    // The data need not survive the test.
    '--unsafe-no-fsync',
  ];
}

export function apiserverFlags(files: ApiserverFiles, etcdPort: number, port: number): readonly string[] {
  return [
    `--etcd-servers=http://127.0.0.1:${etcdPort}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${port}`,
    `--cert-dir=${files.certificates}`,
    `--token-auth-file=${files.tokens}`,
    '--authorization-mode=RBAC',
    '--anonymous-auth=false',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${files.serviceAccountKey}`,
    `--service-account-signing-key-file=${files.serviceAccountKey}`,
    '--service-cluster-ip-range=10.96.0.0/16',
    // No controller creates service accounts here, and without one no pod could be created.
    '--disable-admission-plugins=ServiceAccount',
    '--allow-privileged=true',
    '--endpoint-reconciler-type=none',
    `--audit-policy-file=${files.auditPolicy}`,
    `--audit-log-path=${files.auditLog}`,
    // In one file, however much is tested: after 100 MB it would begin another one.
    '--audit-log-maxsize=10000',
    '--profiling=false',
  ];
}
