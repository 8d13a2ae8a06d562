/** The Kubernetes versions that a rig can run: each is pinned by a Go module beside this file, `kubernetes-` and the minor. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface KubernetesVersion {
  /** Such as `1.34`. */
  readonly minor: string;
  /** Such as `v1.34.4`. */
  readonly patch: string;
  /** Folder beside this file with go.mod and go.sum. */
  readonly module: string;
  /** The oldest Go that builds it, such as `1.26.0`. */
  readonly go: string;
}

/** Chooses the version where the caller names none, so that a whole run of tests can be moved to another one. */
const VARIABLE = 'KUBERNETES';

/** Oldest first. */
export function kubernetesVersions(): readonly KubernetesVersion[] {
  return readdirSync(import.meta.dirname)
    .flatMap((module) => {
      const minor = /^kubernetes-(1\.\d+)$/.exec(module)?.[1];
      return minor === undefined ? [] : [{ minor, module, ...pinnedBy(module) }];
    })
    .sort((a, b) => a.minor.localeCompare(b.minor, 'en', { numeric: true }));
}

function pinnedBy(module: string): Pick<KubernetesVersion, 'patch' | 'go'> {
  const file = join(import.meta.dirname, module, 'go.mod');
  const text = readFileSync(file, 'utf8');
  const patch = /^(?:require)?\s+k8s\.io\/kubernetes (v\S+)$/m.exec(text)?.[1];
  const go = /^go (\S+)$/m.exec(text)?.[1];
  if (patch === undefined || go === undefined) throw new Error(`${file} does not require k8s.io/kubernetes`);
  return { patch, go };
}

/** @param wanted a minor or a patch version, with or without `v`; without it, the variable KUBERNETES, or else the oldest */
export function kubernetesVersion(wanted: string | undefined = process.env[VARIABLE]): KubernetesVersion {
  const versions = kubernetesVersions();
  const plain = wanted?.replace(/^v/, '');
  const found = plain
    ? versions.find(({ minor, patch }) => plain === minor || `v${plain}` === patch)
    : versions[0];
  if (found) return found;
  const known = versions.map(({ minor, patch }) => `${minor} (${patch})`).join(', ');
  throw new Error(`no Kubernetes ${wanted}: test/cluster/build pins only ${known}`);
}
