/** The key of releases: ECDSA on P-256 with SHA-256, which cosign, openssl and Node all read. */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { run } from '../run.ts';

/** Outside of the checkout. */
export const DEFAULT_KEY = join(homedir(), '.config/dnshealth-operator/release.key');

export const publicKeyFile = (privateKeyFile: string): string =>
  `${privateKeyFile.replace(/\.key$/, '')}.pub`;

/** @throws Error if there is a file already, because a lost key cannot be replaced; or if git would take it into a commit */
export async function createKey(file: string, password: string | undefined): Promise<void> {
  if (await isInCheckout(file))
    throw new Error(
      `${file} is in a checkout and not ignored by git, so that it could be committed: choose another place with KEY=`,
    );
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({
    type: 'pkcs8',
    format: 'pem',
    ...(password ? { cipher: 'aes-256-cbc', passphrase: password } : {}),
  });
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(file, pem, { mode: 0o600, flag: 'wx' });
  await writeFile(publicKeyFile(file), publicKey.export({ type: 'spki', format: 'pem' }));
}

/** @throws Error if it is missing, of another kind, or readable for others */
export async function readPrivateKey(file: string, password: string | undefined): Promise<KeyObject> {
  const { mode } = await stat(file).catch(() => {
    throw new Error(
      `there is no key ${file}: create one with "make release-key", or name another one with KEY=`,
    );
  });
  if ((mode & 0o077) !== 0) throw new Error(`the key ${file} can be read by others: chmod 600 ${file}`);
  const key = parse(file, await readFile(file), (pem) =>
    createPrivateKey(password ? { key: pem, passphrase: password } : pem),
  );
  return onP256(file, key);
}

export async function readPublicKey(file: string): Promise<KeyObject> {
  const pem = await readFile(file).catch(() => {
    throw new Error(`there is no key ${file}: name the public key of the release with KEY=`);
  });
  return onP256(file, parse(file, pem, createPublicKey));
}

async function isInCheckout(file: string): Promise<boolean> {
  const git = ['git', '-C', nearestFolder(dirname(resolve(file)))];
  const isWorkTree = await run([...git, 'rev-parse', '--is-inside-work-tree']).then(
    ({ stdout }) => stdout.trim() === 'true',
    () => false,
  );
  return (
    isWorkTree &&
    !(await run([...git, 'check-ignore', '--quiet', resolve(file)]).then(
      () => true,
      () => false,
    ))
  );
}

const nearestFolder = (folder: string): string =>
  existsSync(folder) ? folder : nearestFolder(dirname(folder));

function parse(file: string, pem: Buffer, read: (pem: Buffer) => KeyObject): KeyObject {
  try {
    return read(pem);
  } catch (error) {
    throw new Error(
      `${file} cannot be read as a key in PEM format (if it has a password, set KEY_PASSWORD): ${String(error)}`,
      { cause: error },
    );
  }
}

function onP256(file: string, key: KeyObject): KeyObject {
  if (key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return key;
  throw new Error(
    `${file} is not an ECDSA key on the curve P-256, but ${key.asymmetricKeyType ?? 'unknown'}`,
  );
}

/** In base64, DER inside, as cosign writes it. */
export const signatureOf = (bytes: Uint8Array, key: KeyObject): string =>
  sign('sha256', bytes, key).toString('base64');

export const isSignedBy = (bytes: Uint8Array, signature: string, key: KeyObject): boolean =>
  verify('sha256', bytes, key, Buffer.from(signature, 'base64'));
