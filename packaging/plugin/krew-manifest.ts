/** The manifest by which krew installs the plugin: https://krew.sigs.k8s.io/docs/developer-guide/plugin-manifest/ */
import { stringify } from 'yaml';
import { type Archive, archiveName, TOP } from './archive.ts';

interface Release {
  readonly version: string;
  /** Where the archives can be downloaded from: their folder. */
  readonly url: string;
  readonly archives: readonly Archive[];
}

export function krewManifest({ version, url, archives }: Release): string {
  const manifest = {
    apiVersion: 'krew.googlecontainertools.github.com/v1alpha2',
    kind: 'Plugin',
    metadata: { name: 'dnshealth' },
    spec: {
      version: `v${version}`,
      homepage: url,
      shortDescription: 'Find out why cluster DNS fails, and prove that it works',
      description: DESCRIPTION,
      caveats: CAVEATS,
      platforms: archives.map(({ platform, sha256 }) => ({
        selector: { matchLabels: { os: platform.os, arch: platform.arch } },
        uri: `${url.replace(/\/+$/, '')}/${archiveName(platform)}`,
        sha256,
        files: [{ from: `${TOP}/*`, to: '.' }],
        bin: 'kubectl-dnshealth',
      })),
    },
  };
  // As written, not folded: krew prints the description as it is.
  return stringify(manifest, { blockQuote: 'literal', lineWidth: 0 });
}

const DESCRIPTION = `Finds out why the DNS pods of a cluster crash, loop or do not answer, with the
evidence and the commands that fix it. Nothing has to be installed in the
cluster. With the DNS health operator it also shows what that sees, does and
did, and cleans up after one that is gone.
`;

const CAVEATS = `krew does not install the completion. To complete "kubectl dnshealth" with Tab:
  kubectl dnshealth completion bash | head -20
`;
