import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFakeClock } from '../runtime/testing/fake-clock.ts';
import { inClusterConfig, isInCluster } from './in-cluster-config.ts';

const env = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' };

describe('the login of a pod', () => {
  let directory: string;
  const write = async (name: string, text: string): Promise<void> => writeFile(join(directory, name), text);
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'service-account-'));
    await Promise.all([write('token', 'one\n'), write('ca.crt', 'CA 1'), write('namespace', 'here')]);
  });
  afterEach(async () => rm(directory, { recursive: true }));

  it('is read from the environment and the files of the service account', async () => {
    const config = await inClusterConfig({ env, directory });
    expect(config).toMatchObject({ server: 'https://10.96.0.1:443', namespace: 'here' });
    expect(await config.credentials()).toEqual({ tls: { ca: 'CA 1' }, authorization: 'Bearer one' });
  });

  it('puts an IPv6 address in brackets', async () => {
    const config = await inClusterConfig({ env: { ...env, KUBERNETES_SERVICE_HOST: 'fd00::1' }, directory });
    expect(config.server).toBe('https://[fd00::1]:443');
  });

  it('reads a rotated token after a minute, and not before', async () => {
    const clock = createFakeClock();
    const config = await inClusterConfig({ env, directory, clock });
    const { tls } = await config.credentials();
    await write('token', 'two');
    await clock.advance(59_999);
    expect((await config.credentials()).authorization).toBe('Bearer one');
    await clock.advance(1);
    const rotated = await config.credentials();
    expect(rotated.authorization).toBe('Bearer two');
    // The same object: the connections stay.
    expect(rotated.tls).toBe(tls);
  });

  it('returns new TLS material when the CA has changed', async () => {
    const clock = createFakeClock();
    const config = await inClusterConfig({ env, directory, clock });
    const { tls } = await config.credentials();
    await write('ca.crt', 'CA 2');
    await clock.advance(60_000);
    const rotated = await config.credentials();
    expect(rotated.tls).toEqual({ ca: 'CA 2' });
    expect(rotated.tls).not.toBe(tls);
  });

  it('reads the files again at once after invalidate', async () => {
    const config = await inClusterConfig({ env, directory });
    await write('token', 'two');
    config.invalidate();
    expect((await config.credentials()).authorization).toBe('Bearer two');
  });

  it('keeps the last token while a file is missing', async () => {
    const config = await inClusterConfig({ env, directory });
    await rm(join(directory, 'token'));
    config.invalidate();
    expect((await config.credentials()).authorization).toBe('Bearer one');
    await write('token', 'two');
    expect((await config.credentials()).authorization).toBe('Bearer two');
  });

  it('reports what is missing', async () => {
    await expect(inClusterConfig({ env: {}, directory })).rejects.toThrow(/KUBERNETES_SERVICE_HOST/);
    await expect(inClusterConfig({ env, directory: join(directory, 'nowhere') })).rejects.toThrow(/ENOENT/);
  });

  it('is chosen if only one of the two variables is set, so that the other one is reported', () => {
    for (const [name, value] of Object.entries(env)) expect(isInCluster({ [name]: value })).toBe(true);
    expect(isInCluster({})).toBe(false);
  });
});
