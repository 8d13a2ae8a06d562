import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFakeClock } from '../../runtime/testing/fake-clock.ts';
import { kubeconfigLogin } from './kubeconfig.ts';

describe('a kubeconfig', () => {
  let folder: string;
  const at = (name: string): string => join(folder, name);
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kubeconfig-'));
  });
  afterEach(async () => rm(folder, { recursive: true }));

  /** A file with one context, cluster and user of this name. */
  async function write(
    name: string,
    { user = {}, cluster = {}, current = name }: Parts = {},
  ): Promise<string> {
    const text = JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      ...(current === null ? {} : { 'current-context': current }),
      clusters: [{ name, cluster: { server: `https://${name}.example:6443`, ...cluster } }],
      users: [{ name, user }],
      contexts: [{ name, context: { cluster: name, user: name } }],
    });
    await writeFile(at(name), text);
    return at(name);
  }
  interface Parts {
    readonly user?: object;
    readonly cluster?: object;
    readonly current?: string | null;
  }
  const login = async (KUBECONFIG: string, clock = createFakeClock()) =>
    kubeconfigLogin({ env: { KUBECONFIG }, clock });
  const credentials = async (KUBECONFIG: string) => (await login(KUBECONFIG)).credentials();

  describe('is found as kubectl finds it', () => {
    it('in the home directory', async () => {
      await mkdir(at('.kube'));
      await write('.kube/config');
      expect(await kubeconfigLogin({ env: { HOME: folder } })).toMatchObject({
        server: 'https://.kube/config.example:6443',
      });
    });

    it('in the files of $KUBECONFIG: missing ones are skipped, and the first current context wins', async () => {
      const files = [
        at('missing'),
        await write('none', { current: null }),
        await write('a'),
        await write('b'),
      ];
      expect((await login(files.join(delimiter))).server).toBe('https://a.example:6443');
    });

    it('with the first of several entries of one name', async () => {
      const one = await write('a', { user: { token: 'one' } });
      await mkdir(at('other'));
      const two = await write('other/a', { user: { token: 'two' } });
      const text = (await readFile(two, 'utf8')).replaceAll('other/a', 'a');
      await writeFile(two, text);
      expect(await credentials([one, two].join(delimiter))).toMatchObject({ authorization: 'Bearer one' });
    });
  });

  describe('is refused with one sentence', () => {
    it('if there is none', async () => {
      await expect(login(at('missing'))).rejects.toThrow(
        `no kubeconfig found: the files in $KUBECONFIG (${at('missing')}) do not exist or are empty`,
      );
      await expect(kubeconfigLogin({ env: { HOME: folder } })).rejects.toThrow(
        `no kubeconfig found: $KUBECONFIG is not set, and the default file (${at('.kube/config')}) does not exist or is empty`,
      );
    });

    it('if it is invalid', async () => {
      await writeFile(at('broken'), 'clusters: [{ name: 5 }]');
      await expect(login(at('broken'))).rejects.toThrow(
        /^invalid kubeconfig .*broken: .*clusters\[0\]\.name/s,
      );
      await writeFile(at('broken'), '{');
      await expect(login(at('broken'))).rejects.toThrow(/^invalid kubeconfig .*broken: /);
    });

    it('if its context is missing or incomplete', async () => {
      await expect(login(await write('a', { current: null }))).rejects.toThrow(/has no current context/);
      await expect(login(await write('a', { current: 'b' }))).rejects.toThrow(
        /does not define its current context "b"/,
      );
      await expect(login(await write('a', { cluster: { server: 'nowhere' } }))).rejects.toThrow(
        /server "nowhere" of cluster "a" is not a URL/,
      );
    });

    it('if it impersonates in a way that would be ignored', async () => {
      const path = await write('a', { user: { token: 't', as: 'b', 'as-groups': ['c'] } });
      await expect(login(path)).rejects.toThrow(/user "a" has unsupported fields: as-groups/);
    });
  });

  describe('logs in', () => {
    it('with a token, a password, and as another user', async () => {
      expect(await credentials(await write('a', { user: { token: 't', as: 'other' } }))).toEqual({
        tls: {},
        authorization: 'Bearer t',
        impersonateUser: 'other',
      });
      const user = { username: 'me', password: 'secret' };
      expect(await credentials(await write('b', { user }))).toEqual({
        tls: {},
        authorization: 'Basic bWU6c2VjcmV0',
      });
    });

    it('with a token file, which wins over a token and is read again when it was refused', async () => {
      const user = { tokenFile: 'token', token: 'ignored' };
      await writeFile(at('token'), 'one\n');
      const config = await login(await write('a', { user }));
      expect((await config.credentials()).authorization).toBe('Bearer one');
      await writeFile(at('token'), 'two\n');
      config.invalidate();
      expect((await config.credentials()).authorization).toBe('Bearer two');
    });

    it('with files of its own folder, over which embedded data wins', async () => {
      const data = (text: string): string => Buffer.from(text).toString('base64');
      for (const name of ['ca', 'crt', 'key']) await writeFile(at(name), `${name} file`);
      const { tls } = await credentials(
        await write('a', {
          cluster: {
            'certificate-authority': 'ca',
            'tls-server-name': 'kubernetes.default',
            'insecure-skip-tls-verify': true,
          },
          user: {
            'client-certificate': 'crt',
            'client-key': 'key',
            'client-certificate-data': data('embedded'),
          },
        }),
      );
      expect(tls).toEqual({
        ca: Buffer.from('ca file'),
        cert: Buffer.from('embedded'),
        key: Buffer.from('key file'),
        servername: 'kubernetes.default',
        rejectUnauthorized: false,
      });
    });

    it('with a client certificate that rotates: new material only if it changed', async () => {
      await writeFile(at('crt'), 'one');
      const clock = createFakeClock();
      const user = { 'client-certificate': 'crt', 'client-key-data': 'a2V5' };
      const config = await login(await write('a', { user }), clock);
      const { tls } = await config.credentials();
      await clock.advance(1_000);
      expect((await config.credentials()).tls).toBe(tls);
      await writeFile(at('crt'), 'two');
      await clock.advance(1_000);
      expect((await config.credentials()).tls).toMatchObject({ cert: Buffer.from('two') });
    });
  });

  describe('with an exec plugin', () => {
    /** Prints `answer`, or fails with `error` if there is one; `runs` has a line for each run. */
    async function plugin(more: object = {}): Promise<string> {
      const script = [
        '#!/bin/sh',
        'cd "$(dirname "$0")"',
        'echo "$1 $SET $KUBERNETES_EXEC_INFO" >> runs',
        'if [ -e error ]; then cat error >&2; exit 3; fi',
        'cat answer',
      ];
      await writeFile(at('plugin'), script.join('\n'));
      await chmod(at('plugin'), 0o755);
      const exec = {
        apiVersion: 'client.authentication.k8s.io/v1',
        command: './plugin',
        args: ['get-token'],
        env: [{ name: 'SET', value: 'here' }],
        interactiveMode: 'Never',
        ...more,
      };
      return write('a', { user: { exec } });
    }
    const answer = async (status: object): Promise<void> =>
      writeFile(
        at('answer'),
        JSON.stringify({ kind: 'ExecCredential', apiVersion: 'client.authentication.k8s.io/v1', status }),
      );
    const runs = async (): Promise<readonly string[]> =>
      (await readFile(at('runs'), 'utf8')).split('\n').filter((line) => line !== '');

    it('runs it from its folder with what it needs, once for all calls', async () => {
      await answer({ token: 'one' });
      const config = await login(await plugin());
      const all = await Promise.all([config.credentials(), config.credentials()]);
      expect(all.map(({ authorization }) => authorization)).toEqual(['Bearer one', 'Bearer one']);
      const info =
        '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","spec":{"interactive":false}}';
      expect(await runs()).toEqual([`get-token here ${info}`]);
    });

    it('takes its client certificate', async () => {
      await answer({ clientCertificateData: 'certificate', clientKeyData: 'key' });
      expect(await credentials(await plugin())).toEqual({ tls: { cert: 'certificate', key: 'key' } });
    });

    it('runs it again when its token has expired, and not before', async () => {
      const clock = createFakeClock();
      await answer({ token: 'one', expirationTimestamp: new Date(Date.now() + 60_000).toISOString() });
      const valid = await login(await plugin(), clock);
      await clock.advance(1_000);
      await valid.credentials();
      expect(await runs()).toHaveLength(1);

      await answer({ token: 'two', expirationTimestamp: new Date(Date.now() - 1).toISOString() });
      const expired = await login(await plugin(), clock);
      expect((await expired.credentials()).authorization).toBe('Bearer two');
      await answer({ token: 'three' });
      await clock.advance(1_000);
      expect((await expired.credentials()).authorization).toBe('Bearer three');
    });

    it('runs it again when the server refused its token', async () => {
      await answer({ token: 'revoked' });
      const config = await login(await plugin());
      await answer({ token: 'new' });
      config.invalidate();
      expect((await config.credentials()).authorization).toBe('Bearer new');
    });

    it('reports why it failed, and works once it does not any more', async () => {
      await writeFile(at('error'), 'your session has expired: run example-login\n');
      const path = await plugin();
      const failure = `exec plugin ${at('plugin')} failed: your session has expired: run example-login`;
      await expect(login(path)).rejects.toThrow(failure);
      await rm(at('error'));
      await answer({ token: 'one' });
      const config = await login(path);
      await writeFile(at('error'), 'your session has expired: run example-login\n');
      config.invalidate();
      await expect(config.credentials()).rejects.toMatchObject({ name: 'LoginError', message: failure });
      await rm(at('error'));
      expect((await config.credentials()).authorization).toBe('Bearer one');
    });

    it('does not take the blame for a certificate that is missing', async () => {
      await answer({ token: 'one' });
      const path = await plugin();
      const text = await readFile(path, 'utf8');
      await writeFile(path, text.replace('"server"', '"certificate-authority":"missing","server"'));
      await expect(login(path)).rejects.toThrow(/^cannot log in with the kubeconfig: ENOENT.*missing/);
    });

    it('says so if it is missing, with its own hint, or prints something else', async () => {
      const missing = await plugin({ command: 'example-login', installHint: 'Get it from example.com.\n' });
      await expect(login(missing)).rejects.toThrow(
        'exec plugin example-login cannot be started: spawn example-login ENOENT; Get it from example.com.',
      );
      for (const text of ['Welcome!', '{}']) {
        await writeFile(at('answer'), text);
        await expect(login(await plugin())).rejects.toThrow(
          `exec plugin ${at('plugin')} did not print an ExecCredential`,
        );
      }
    });
  });
});
