import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { startConnectProxy } from '../../../test/support/network/connect-proxy.ts';
import { dialThrough } from './tunnel.ts';

const TIMEOUT_MS = 2_000;

describe('a tunnel through a proxy', () => {
  const open: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of open.splice(0).toReversed()) await close();
  });

  /** A server that sends back what it gets. */
  async function echo(): Promise<number> {
    const server = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    open.push(() => server.close());
    return (server.address() as AddressInfo).port;
  }

  async function expectEcho(stream: Socket): Promise<void> {
    stream.write('hello');
    const [answer] = await once(stream, 'data');
    expect(String(answer)).toBe('hello');
  }

  it('carries what is sent, with the name that the proxy has to resolve and the password', async () => {
    const proxy = await startConnectProxy(await echo());
    open.push(() => proxy.close());
    const dial = dialThrough(new URL(`http://me:pass%20word@127.0.0.1:${proxy.port}`));
    const { tcp, stream } = await dial('api.example.invalid', 6443, TIMEOUT_MS);
    open.push(() => tcp.destroy());
    await expectEcho(stream);
    expect(proxy.asked).toEqual(['CONNECT api.example.invalid:6443 Basic bWU6cGFzcyB3b3Jk']);
  });

  it('writes an IPv6 address in brackets', async () => {
    const proxy = await startConnectProxy(await echo());
    open.push(() => proxy.close());
    const { tcp } = await dialThrough(new URL(`http://127.0.0.1:${proxy.port}`))('fd00::1', 443, TIMEOUT_MS);
    open.push(() => tcp.destroy());
    expect(proxy.asked).toEqual(['CONNECT [fd00::1]:443']);
  });

  it('leads through a proxy that speaks TLS', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tls-proxy-'));
    open.push(() => rmSync(folder, { recursive: true }));
    const [key, cert] = ['key', 'crt'].map((name) => join(folder, name));
    execFileSync(
      'openssl',
      `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=proxy -addext subjectAltName=IP:127.0.0.1 -keyout ${key} -out ${cert}`.split(
        ' ',
      ),
      { stdio: 'ignore' },
    );
    const trusted = getCACertificates('default');
    setDefaultCACertificates([...trusted, readFileSync(cert ?? '', 'utf8')]);
    open.push(() => setDefaultCACertificates(trusted));
    const tls = createHttpsServer({ key: readFileSync(key ?? ''), cert: readFileSync(cert ?? '') });
    const proxy = await startConnectProxy(await echo(), tls);
    open.push(() => proxy.close());
    const dial = dialThrough(new URL(`https://127.0.0.1:${proxy.port}`));
    const { tcp, stream } = await dial('api.example.invalid', 6443, TIMEOUT_MS);
    open.push(() => tcp.destroy());
    expect(stream).not.toBe(tcp);
    await expectEcho(stream);
  });

  it('reports a refusal, without the password', async () => {
    const proxy = await startConnectProxy(0);
    open.push(() => proxy.close());
    proxy.refuse(407);
    const dial = dialThrough(new URL(`http://me:secret@127.0.0.1:${proxy.port}`));
    await expect(dial('api.example.invalid', 6443, TIMEOUT_MS)).rejects.toThrow(
      `proxy 127.0.0.1:${proxy.port}: CONNECT api.example.invalid:6443 was refused: 407 Refused`,
    );
  });

  it('reports a proxy that does not answer, or is not there', async () => {
    const silent = createServer((socket) => open.push(() => socket.destroy())).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    open.push(() => silent.close());
    const { port } = silent.address() as AddressInfo;
    await expect(dialThrough(new URL(`http://127.0.0.1:${port}`))('api', 443, 100)).rejects.toThrow(
      `proxy 127.0.0.1:${port}: no tunnel within 100 ms`,
    );
    await expect(dialThrough(new URL('http://127.0.0.1:1'))('api', 443, TIMEOUT_MS)).rejects.toThrow(
      /^proxy 127\.0\.0\.1:1: connect ECONNREFUSED/,
    );
  });
});
