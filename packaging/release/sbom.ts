/** What is in the image for one architecture, as a CycloneDX document: npm packages, Node, and Debian's packages. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import packageJson from '../../package.json' with { type: 'json' };
import { sha256 } from '../digest.ts';
import { DEBIAN } from '../image/debian-packages.ts';
import type { ImagePlatform } from '../image/platforms.ts';
import { run } from '../run.ts';

export interface Component {
  readonly 'bom-ref': string;
  readonly type: string;
  readonly name: string;
  readonly version: string;
  readonly purl?: string | undefined;
  readonly [field: string]: unknown;
}

export interface Sbom {
  readonly bomFormat: 'CycloneDX';
  readonly specVersion: string;
  readonly serialNumber: string;
  readonly metadata: { readonly component: Component; readonly [field: string]: unknown };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

const componentSchema = z.looseObject({
  'bom-ref': z.string(),
  type: z.string(),
  name: z.string(),
  version: z.string(),
  purl: z.string().optional(),
});
const npmSbomSchema = z.looseObject({
  specVersion: z.string(),
  metadata: z.looseObject({ component: componentSchema }),
  components: z.array(componentSchema),
  dependencies: z.array(z.object({ ref: z.string(), dependsOn: z.array(z.string()).default([]) })),
});
export type NpmSbom = z.infer<typeof npmSbomSchema>;

/** What npm says about the production dependencies. The same for all architectures. */
export async function npmSbom(): Promise<NpmSbom> {
  const { stdout } = await run([
    'npm',
    'sbom',
    '--sbom-format=cyclonedx',
    '--omit=dev',
    // Not what else is installed: the package "node" installs the one of this machine.
    '--package-lock-only',
  ]);
  return npmSbomSchema.parse(JSON.parse(stdout));
}

interface SbomRequest {
  readonly npm: NpmSbom;
  /** A folder with what `npm run build` wrote. */
  readonly dist: string;
  /** Instead of the time of the build, in seconds. */
  readonly time: number;
}

/** The same content gives the same document: its serial number is made from it. */
export async function sbomOf(platform: ImagePlatform, { npm, dist, time }: SbomRequest): Promise<Sbom> {
  const root = `${packageJson.name}@${packageJson.version}`;
  const bundled = await bundledPackages(dist, npm);
  const others = [...bundled, nodeComponent(platform), ...debianComponents(platform)];
  const content = {
    metadata: {
      ...npm.metadata,
      timestamp: new Date(time * 1000).toISOString(),
      // npm takes the name from the folder of the checkout.
      component: { ...npm.metadata.component, type: 'container', name: packageJson.name },
      properties: [{ name: 'dnshealth.io:platform', value: `linux/${platform.arch}` }],
    },
    components: [...once(npm.components, (one) => one['bom-ref']), ...others],
    dependencies: [
      ...once(npm.dependencies, ({ ref }) => ref).map(({ ref, dependsOn }) => ({
        ref,
        dependsOn: ref === root ? [...dependsOn, ...others.map((one) => one['bom-ref'])] : dependsOn,
      })),
      ...others.map((one) => ({ ref: one['bom-ref'], dependsOn: [] })),
    ],
  };
  return {
    $schema: `http://cyclonedx.org/schema/bom-${npm.specVersion}.schema.json`,
    bomFormat: 'CycloneDX',
    specVersion: npm.specVersion,
    serialNumber: `urn:uuid:${uuidOf(JSON.stringify(content))}`,
    version: 1,
    ...content,
  } as Sbom;
}

/** npm lists a package once for each folder that it is installed in. */
const once = <T>(all: readonly T[], key: (one: T) => string): readonly T[] => [
  ...new Map(all.map((one) => [key(one), one] as const)).values(),
];

/** Of version 8: what the digits mean is up to whoever makes them. */
function uuidOf(text: string): string {
  const hex = sha256(text);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `a${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}

/** npm leaves out a production dependency that a development dependency wants as an optional peer, as vite does with yaml. */
async function bundledPackages(dist: string, npm: NpmSbom): Promise<readonly Component[]> {
  const licences = await readFile(join(dist, 'app/LICENSES.packages'), 'utf8');
  const known = new Set(npm.components.map(({ name, version }) => `${name}@${version}`));
  const lock: unknown = JSON.parse(await readFile('package-lock.json', 'utf8'));
  const { packages } = z
    .object({
      packages: z.record(
        z.string(),
        z.looseObject({ version: z.string(), integrity: z.string().optional() }).partial(),
      ),
    })
    .parse(lock);
  return [...licences.matchAll(/^== (\S+) (\S+) \((.*)\)$/gm)].flatMap(
    ([, name = '', version = '', licence = '']) => {
      const ref = `${name}@${version}`;
      if (known.has(ref)) return [];
      const integrity = packages[`node_modules/${name}`]?.integrity;
      return [
        {
          'bom-ref': ref,
          type: 'library',
          name,
          version,
          purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
          ...(integrity ? { hashes: [sha512(integrity)] } : {}),
          licenses: [{ license: { id: licence } }],
        },
      ];
    },
  );
}

/** From npm's form. */
const sha512 = (integrity: string) => ({
  alg: 'SHA-512',
  content: Buffer.from(integrity.replace('sha512-', ''), 'base64').toString('hex'),
});

function nodeComponent({ node }: ImagePlatform): Component {
  return {
    'bom-ref': `${node.name}@${node.version}`,
    type: 'platform',
    name: 'node',
    version: node.version,
    description: 'The binary of nodejs.org from npm, without its symbol table',
    purl: `pkg:npm/${node.name}@${node.version}`,
    // By which scanners find the vulnerabilities of Node itself.
    cpe: `cpe:2.3:a:nodejs:node.js:${node.version}:*:*:*:*:*:*:*`,
    hashes: [sha512(node.integrity)],
  };
}

function debianComponents({ arch }: ImagePlatform): readonly Component[] {
  return DEBIAN.packages[arch].map((one) => ({
    'bom-ref': `deb:${one.name}@${one.version}`,
    type: 'library',
    name: one.name,
    version: one.version,
    purl: debianPurl(one.name, one.version, arch),
    hashes: [{ alg: 'SHA-256', content: one.sha256 }],
  }));
}

export const debianPurl = (name: string, version: string, arch: string): string =>
  `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${arch}&distro=${DEBIAN.suite}`;
