/** The cluster's programs, built from pinned Go modules: no binary is downloaded, and go.sum verifies each source. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Progress } from '../progress.ts';
import { run } from '../run.ts';
import { type Artifact, artifactDir } from './artifact-cache.ts';
import { buildAll } from './build-all.ts';
import { type KubernetesVersion, kubernetesVersion } from './kubernetes-versions.ts';

interface GoBuild {
  readonly kind: string;
  /** Folder beside this file with go.mod and go.sum. */
  readonly module: string;
  readonly packages: readonly string[];
  /** File name where it is not the last part of the package. */
  readonly output?: string;
  readonly linkerFlags: string;
}

export const COREDNS_VERSION = '1.14.7';

const version = (name: string, value: string) => `-X k8s.io/component-base/version.${name}=${value}`;

function kubernetes({ minor, patch, module }: KubernetesVersion): GoBuild {
  const [majorNumber = '', minorNumber = ''] = minor.split('.');
  return {
    kind: 'kubernetes',
    module,
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
      version('gitVersion', patch),
      version('gitMajor', majorNumber),
      version('gitMinor', minorNumber),
    ].join(' '),
  };
}

const OTHERS: readonly GoBuild[] = [
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

/** Not part of the rig: a test installs the plugin with it. */
const KREW: GoBuild = {
  kind: 'krew',
  module: 'krew',
  packages: ['sigs.k8s.io/krew/cmd/krew', 'sigs.k8s.io/krew/cmd/validate-krew-manifest'],
  linkerFlags: '-s -w',
};

/** The folder of krew and of its validation of manifests, built if it is missing. */
export async function buildKrew(progress: Progress): Promise<string> {
  const krew = await goProgram(KREW);
  await buildAll([[krew]], progress);
  return artifactDir(krew);
}

/** The Kubernetes version that Helm 3 assumes without a cluster: that of its client-go, as in the Makefile of Helm. */
const HELM_3_KUBERNETES = ['pkg/chartutil', 'pkg/lint/rules'].flatMap((path) => [
  `-X helm.sh/helm/v3/${path}.k8sVersionMajor=1`,
  `-X helm.sh/helm/v3/${path}.k8sVersionMinor=37`,
]);

/** Not part of the rig either: tests render and install the chart with both. In one module, because most of them is client-go. */
const HELMS: readonly GoBuild[] = [
  {
    kind: 'helm3',
    module: 'helm',
    packages: ['helm.sh/helm/v3/cmd/helm'],
    linkerFlags: ['-s -w', ...HELM_3_KUBERNETES].join(' '),
  },
  { kind: 'helm4', module: 'helm', packages: ['helm.sh/helm/v4/cmd/helm'], linkerFlags: '-s -w' },
];

/** The programs Helm 3 and Helm 4, built if they are missing. */
export async function buildHelms(progress: Progress): Promise<readonly string[]> {
  const helms = await Promise.all(HELMS.map(goProgram));
  await buildAll([helms], progress);
  return helms.map((helm) => join(artifactDir(helm), 'helm'));
}

/** In the order in which to build them, one after the other: each build uses all cores by itself. */
export const goPrograms = (version: KubernetesVersion): Promise<readonly Artifact[]> =>
  Promise.all([kubernetes(version), ...OTHERS].map(goProgram));

/** Builds what is missing; returns the folder of each kind. */
export async function buildGoPrograms(
  progress: Progress,
  version: KubernetesVersion = kubernetesVersion(),
): Promise<ReadonlyMap<string, string>> {
  const programs = await goPrograms(version);
  await buildAll([programs], progress);
  return new Map(programs.map((program) => [program.kind, artifactDir(program)]));
}

async function goProgram(build: GoBuild): Promise<Artifact> {
  const moduleDir = join(import.meta.dirname, build.module);
  // In the folder of the module: its go.mod may ask for a newer toolchain than that in PATH.
  const { stdout: toolchain } = await run(['go', 'env', 'GOVERSION', 'GOARCH'], { cwd: moduleDir });
  const sources = readdirSync(moduleDir)
    .filter((file) => /^go\.(mod|sum)$|\.go$/.test(file))
    .sort();
  return {
    kind: build.kind,
    inputs: [
      toolchain,
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
          // Otherwise the commit of this repository goes into the binary, and the same source is built twice.
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
  };
}
