/** The cluster's programs, built from pinned Go modules: no binary is downloaded, and go.sum verifies each source. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Progress } from '../progress.ts';
import { run } from '../run.ts';
import { type Artifact, artifactDir } from './artifact-cache.ts';
import { buildAll } from './build-all.ts';

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

/** Not part of the rig: a test installs the plugin with it. */
const KREW: GoBuild = {
  kind: 'krew',
  module: 'krew',
  packages: ['sigs.k8s.io/krew/cmd/krew', 'sigs.k8s.io/krew/cmd/validate-krew-manifest'],
  linkerFlags: '-s -w',
};

/** The folder of krew and of its validation of manifests, built if it is missing. */
export async function buildKrew(progress: Progress): Promise<string> {
  const krew = goProgram(KREW, await goVersion());
  await buildAll([[krew]], progress);
  return artifactDir(krew);
}

/** The Kubernetes version that Helm 3 assumes without a cluster: that of its client-go, as in the Makefile of Helm. */
const HELM_3_KUBERNETES = ['pkg/chartutil', 'pkg/lint/rules'].flatMap((path) => [
  `-X helm.sh/helm/v3/${path}.k8sVersionMajor=1`,
  `-X helm.sh/helm/v3/${path}.k8sVersionMinor=37`,
]);

/** Not part of the rig either: tests render and install the chart with both. */
const HELMS: readonly GoBuild[] = [
  {
    kind: 'helm3',
    module: 'helm3',
    packages: ['helm.sh/helm/v3/cmd/helm'],
    linkerFlags: ['-s -w', ...HELM_3_KUBERNETES].join(' '),
  },
  { kind: 'helm4', module: 'helm4', packages: ['helm.sh/helm/v4/cmd/helm'], linkerFlags: '-s -w' },
];

/** The programs Helm 3 and Helm 4, built if they are missing. */
export async function buildHelms(progress: Progress): Promise<readonly string[]> {
  const toolchain = await goVersion();
  const helms = HELMS.map((build) => goProgram(build, toolchain));
  await buildAll([helms], progress);
  return helms.map((helm) => join(artifactDir(helm), 'helm'));
}

/** In the order in which to build them, one after the other: each build uses all cores by itself. */
export async function goPrograms(): Promise<readonly Artifact[]> {
  const toolchain = await goVersion();
  return BUILDS.map((build) => goProgram(build, toolchain));
}

const goVersion = async (): Promise<string> => (await run(['go', 'env', 'GOVERSION', 'GOARCH'])).stdout;

/** Builds what is missing; returns the folder of each kind. */
export async function buildGoPrograms(progress: Progress): Promise<ReadonlyMap<string, string>> {
  const programs = await goPrograms();
  await buildAll([programs], progress);
  return new Map(programs.map((program) => [program.kind, artifactDir(program)]));
}

function goProgram(build: GoBuild, toolchain: string): Artifact {
  const moduleDir = join(import.meta.dirname, build.module);
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
