/** Builds the cluster's programs from their pinned Go modules: no binary is downloaded, and go.sum vouches for each source. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../run.ts';
import { cached, type Progress } from './artifact-cache.ts';

interface GoBuild {
  readonly kind: string;
  /** Folder beside this file with go.mod and go.sum. */
  readonly module: string;
  readonly packages: readonly string[];
  /** File name where it is not the last part of the package. */
  readonly output?: string;
  readonly linkerFlags: string;
}

export const KUBERNETES_VERSION = 'v1.34.4';
export const COREDNS_VERSION = '1.14.7';

const version = (name: string, value: string) => `-X k8s.io/component-base/version.${name}=${value}`;
const [major, minor] = KUBERNETES_VERSION.slice(1).split('.');

const BUILDS: readonly GoBuild[] = [
  {
    kind: 'kubernetes',
    module: 'kubernetes',
    packages: [
      'kubelet',
      'kube-apiserver',
      'kube-controller-manager',
      'kube-scheduler',
      'kube-proxy',
      'kubectl',
    ].map((command) => `k8s.io/kubernetes/cmd/${command}`),
    linkerFlags: [
      '-s -w',
      version('gitVersion', KUBERNETES_VERSION),
      version('gitMajor', major ?? ''),
      version('gitMinor', minor ?? ''),
    ].join(' '),
  },
  {
    kind: 'etcd',
    module: 'etcd',
    packages: ['go.etcd.io/etcd/server/v3'],
    output: 'etcd',
    linkerFlags: '-s -w',
  },
  { kind: 'coredns', module: 'coredns', packages: ['.'], output: 'coredns', linkerFlags: '-s -w' },
  { kind: 'pause', module: 'pause', packages: ['.'], output: 'pause', linkerFlags: '-s -w' },
];

/** Builds what is missing, one after the other (each uses all cores by itself); gives the folder of each kind. */
export async function buildGoPrograms(onProgress: Progress): Promise<ReadonlyMap<string, string>> {
  const goVersion = (await run(['go', 'env', 'GOVERSION', 'GOARCH'])).stdout;
  const folders = new Map<string, string>();
  for (const build of BUILDS) folders.set(build.kind, await buildOne(build, goVersion, onProgress));
  return folders;
}

function buildOne(build: GoBuild, goVersion: string, onProgress: Progress): Promise<string> {
  const moduleDir = join(import.meta.dirname, build.module);
  const sources = readdirSync(moduleDir)
    .filter((file) => /^go\.(mod|sum)$|\.go$/.test(file))
    .sort();
  return cached(
    {
      kind: build.kind,
      inputs: [
        goVersion,
        JSON.stringify(build),
        ...sources.flatMap((file) => [file, readFileSync(join(moduleDir, file))]),
      ],
      build: async (dir) => {
        const output = build.output === undefined ? `${dir}/` : join(dir, build.output);
        await run(
          [
            'go',
            'build',
            '-mod=readonly',
            '-trimpath',
            // The checkout's commit would otherwise be looked up, and would make the same source build twice.
            '-buildvcs=false',
            '-ldflags',
            build.linkerFlags,
            '-o',
            output,
            ...build.packages,
          ],
          { cwd: moduleDir, env: { CGO_ENABLED: '0', TMPDIR: dir } },
        );
      },
    },
    onProgress,
  );
}
