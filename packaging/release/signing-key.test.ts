import { generateKeyPairSync } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createKey,
  isSignedBy,
  publicKeyFile,
  readPrivateKey,
  readPublicKey,
  signatureOf,
} from './signing-key.ts';

let work: string;
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'signing-key-'));
});
afterAll(async () => rm(work, { recursive: true }));

describe('a new key', () => {
  it.each([
    ['without a password', undefined],
    ['with a password', 'secret'],
  ])('%s signs what its public key verifies, and only its owner can read it', async (name, password) => {
    const file = join(work, name, 'release.key');
    await createKey(file, password);
    const signature = signatureOf(Buffer.from('text'), await readPrivateKey(file, password));
    const publicKey = await readPublicKey(publicKeyFile(file));
    expect(isSignedBy(Buffer.from('text'), signature, publicKey)).toBe(true);
    expect(isSignedBy(Buffer.from('texts'), signature, publicKey)).toBe(false);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(publicKeyFile(file)).toMatch(/release\.pub$/);
  });

  it('does not replace one that exists', async () => {
    const file = join(work, 'twice.key');
    await createKey(file, undefined);
    const before = await readFile(file, 'utf8');
    await expect(createKey(file, undefined)).rejects.toThrow('EEXIST');
    expect(await readFile(file, 'utf8')).toBe(before);
  });

  it('is not put where git would commit it, but where it is ignored', async () => {
    await expect(createKey('docs/release.key', undefined)).rejects.toThrow(
      'docs/release.key is in a checkout',
    );
    await createKey('node_modules/.release-key-test/release.key', undefined);
    await rm('node_modules/.release-key-test', { recursive: true });
  });
});

describe('a key that cannot be used', () => {
  it('that is missing: the error says how to create one', async () => {
    await expect(readPrivateKey(join(work, 'none.key'), undefined)).rejects.toThrow('make release-key');
    await expect(readPublicKey(join(work, 'none.pub'))).rejects.toThrow('KEY=');
  });

  it('that others can read', async () => {
    const file = join(work, 'open.key');
    await createKey(file, undefined);
    await chmod(file, 0o644);
    await expect(readPrivateKey(file, undefined)).rejects.toThrow(`chmod 600 ${file}`);
  });

  it('that has a password', async () => {
    const file = join(work, 'closed.key');
    await createKey(file, 'secret');
    await expect(readPrivateKey(file, undefined)).rejects.toThrow('KEY_PASSWORD');
    await expect(readPrivateKey(file, 'wrong')).rejects.toThrow('cannot be read as a key');
  });

  it('of another kind', async () => {
    const { publicKey } = generateKeyPairSync('ed25519');
    const file = join(work, 'other.pub');
    await writeFile(file, publicKey.export({ type: 'spki', format: 'pem' }));
    await expect(readPublicKey(file)).rejects.toThrow('is not an ECDSA key on the curve P-256, but ed25519');
  });
});
