/** How the image was built, as SLSA provenance: https://slsa.dev/spec/v1.0/provenance */
import packageJson from '../../package.json' with { type: 'json' };
import { sha256OfFile } from '../digest.ts';
import { DEBIAN } from '../image/debian-packages.ts';
import { IMAGE_PLATFORMS } from '../image/platforms.ts';
import { run } from '../run.ts';
import { debianPurl } from './sbom.ts';

/** docs/install.md says what this kind of build does with these parameters. */
const BUILD_TYPE = 'https://dnshealth.io/build/make-release/v1';

export interface Source {
  readonly commit: string;
  /** Where it comes from, if the checkout knows that. */
  readonly uri: string | undefined;
}

/** @throws Error if the checkout is not exactly a commit: the provenance would name something else than was built */
export async function sourceOf(folder: string): Promise<Source> {
  const git = async (...args: readonly string[]) => (await run(['git', '-C', folder, ...args])).stdout.trim();
  const changes = await git('status', '--porcelain');
  if (changes !== '')
    throw new Error(
      `the checkout has changes that are not committed, so no commit describes this release:\n${changes}`,
    );
  const remote = await git('config', '--get', 'remote.origin.url').catch(() => '');
  return { commit: await git('rev-parse', 'HEAD'), uri: remote === '' ? undefined : withoutLogin(remote) };
}

/** A URL may carry a password, which has no business in a public document. */
const withoutLogin = (url: string): string => url.replace(/^(\w+:\/\/)[^/@]*@/, '$1');

interface ProvenanceRequest {
  readonly source: Source;
  /** Of the build, in seconds: SOURCE_DATE_EPOCH. */
  readonly time: number;
  /** Who is trusted to have built it: a URI. */
  readonly builder: string;
}

export async function provenanceOf({ source, time, builder }: ProvenanceRequest): Promise<unknown> {
  return {
    buildDefinition: {
      buildType: BUILD_TYPE,
      externalParameters: { version: packageJson.version, sourceDateEpoch: time },
      internalParameters: { node: process.version, architecture: process.arch },
      resolvedDependencies: [
        {
          ...(source.uri ? { uri: `git+${source.uri}` } : {}),
          name: 'source',
          digest: { gitCommit: source.commit },
        },
        { name: 'package-lock.json', digest: { sha256: await sha256OfFile('package-lock.json') } },
        ...IMAGE_PLATFORMS.flatMap(({ arch, node }) => [
          {
            uri: `pkg:npm/${node.name}@${node.version}`,
            digest: { sha512: Buffer.from(node.integrity.replace('sha512-', ''), 'base64').toString('hex') },
          },
          ...DEBIAN.packages[arch].map(({ name, version, sha256 }) => ({
            uri: debianPurl(name, version, arch),
            digest: { sha256 },
          })),
        ]),
      ],
    },
    runDetails: { builder: { id: builder } },
  };
}
