/** The image of the operator: base, Node, and the programs in dist/, for each platform. */
import { chmod, copyFile, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import packageJson from '../../package.json' with { type: 'json' };
import { fetchNode } from '../node-binary.ts';
import { writeTar } from '../tar.ts';
import { writeBaseRoot } from './base-root.ts';
import { imageConfig } from './image-config.ts';
import { type BuiltImage, type LayerSource, writeImageIndex } from './image-index.ts';
import type { ImagePlatform } from './platforms.ts';
import { withoutSymbols } from './strip-symbols.ts';

export interface ImageRequest {
  /** The OCI layout to write. It must not exist. */
  readonly folder: string;
  /** A folder with what `npm run build` wrote. */
  readonly dist: string;
  readonly platforms: readonly ImagePlatform[];
  /** The time of all files and of the image, in seconds. @default 0, so that it depends on nothing but the content */
  readonly time?: number;
  /** @default true */
  readonly compress?: boolean;
}

export async function buildOperatorImage(request: ImageRequest): Promise<BuiltImage> {
  const { time = 0, compress = true, dist } = request;
  const config = imageConfig();
  const work = await mkdtemp(join(tmpdir(), 'operator-image-'));
  /** One layer of what `write` puts into the folder that becomes the root. */
  const layer = (
    name: string,
    createdBy: string,
    write: (root: string) => Promise<void>,
    mode?: string,
  ): LayerSource => ({
    createdBy,
    add: async (layout) => {
      const root = join(work, name);
      await write(root);
      const tar = `${root}.tar`;
      await writeTar({ root, names: ['.'], file: tar, time, ...(mode ? { mode } : {}) });
      await rm(root, { recursive: true });
      return layout.addLayer(tar, { compress });
    },
  });
  try {
    return await writeImageIndex({
      folder: request.folder,
      config: { ...config, Env: [PATH, ...config.Env] },
      created: time,
      name: packageJson.version,
      platforms: request.platforms.map((platform) => ({
        arch: platform.arch,
        layers: [
          layer(`base-${platform.arch}`, 'packages of Debian', (root) => writeBaseRoot(platform, root)),
          layer(
            `node-${platform.arch}`,
            `Node ${platform.node.version}`,
            (root) => writeNode(platform, root),
            CLEAN,
          ),
          layer(
            `app-${platform.arch}`,
            `${packageJson.name} ${packageJson.version}`,
            (root) => writeApp(dist, root),
            CLEAN,
          ),
        ],
      })),
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** As base images have it. */
const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Whatever the umask of this machine is. */
const CLEAN = 'u+rw,go-w,a+rX';

async function writeNode({ node }: ImagePlatform, root: string): Promise<void> {
  const unpacked = `${root}.package`;
  await fetchNode(node, unpacked);
  const [bin, licence] = [join(root, 'usr/local/bin'), join(root, 'usr/local/share/doc/node')];
  await mkdir(bin, { recursive: true });
  await mkdir(licence, { recursive: true });
  await writeFile(join(bin, 'node'), withoutSymbols(await readFile(join(unpacked, 'bin/node'))));
  await chmod(join(bin, 'node'), 0o755);
  await copyFile(join(unpacked, 'LICENSE'), join(licence, 'LICENSE'));
  await rm(unpacked, { recursive: true });
}

/** As the COPY lines of the Dockerfile. */
async function writeApp(dist: string, root: string): Promise<void> {
  const app = join(root, 'app');
  await cp(join(dist, 'app'), app, { recursive: true });
  await cp(join(dist, 'plugin'), join(app, 'plugin'), { recursive: true });
  await copyFile(join(dist, 'kubectl-dnshealth.js'), join(app, 'kubectl-dnshealth.js'));
  await copyFile('LICENSE', join(app, 'LICENSE'));
}
