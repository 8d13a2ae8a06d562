/** One POST, to receivers that are well, down, slow, or lie. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { startConnectProxy } from '../../../test/support/network/connect-proxy.ts';
import { startReceiver, type TestReceiver } from '../../../test/support/network/receiver.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createFakeClock } from '../../runtime/testing/fake-clock.ts';
import { createPost } from './post.ts';
import type { Receiver } from './receivers.ts';

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function aReceiver(options: Parameters<typeof startReceiver>[0] = {}): Promise<TestReceiver> {
  const receiver = await startReceiver(options);
  cleanups.push(async () => receiver.close());
  return receiver;
}

const at = (url: string, changes: Partial<Receiver> = {}): Receiver => ({
  name: 'ops',
  format: 'webhook',
  events: [],
  timeoutMs: 30_000,
  url,
  headers: {},
  ca: null,
  ...changes,
});
const post = createPost(systemClock);
const send = async (receiver: Receiver, body = '{"a":"ö"}') =>
  post(receiver, body, new AbortController().signal);

describe('a receiver that is well', () => {
  it('gets the body and the headers', async () => {
    const receiver = await aReceiver();
    const to = at(receiver.url, { headers: { Authorization: 'Bearer abc', 'Content-Type': 'text/plain' } });
    expect(await send(to)).toEqual({ kind: 'delivered' });
    expect(receiver.received).toMatchObject([
      {
        path: '/hook/s3cr3t',
        body: '{"a":"ö"}',
        headers: { authorization: 'Bearer abc', 'content-type': 'application/json; charset=utf-8' },
      },
    ]);
  });

  it('may be behind a proxy, which the environment names', async () => {
    const receiver = await aReceiver();
    const proxy = await startConnectProxy(Number(new URL(receiver.url).port));
    cleanups.push(async () => proxy.close());
    process.env['HTTPS_PROXY'] = `http://127.0.0.1:${proxy.port}`;
    cleanups.push(() => void delete process.env['HTTPS_PROXY']);
    // The tunnel is asked for; what answers at its end speaks no TLS.
    expect(await send(at('https://hooks.example.com/x'))).toMatchObject({ kind: 'failed' });
    expect(proxy.asked).toEqual(['CONNECT hooks.example.com:443']);
  });
});

describe('a receiver that lies', () => {
  it('is believed its status, whatever it says after it: 10 MB are not read', async () => {
    const receiver = await aReceiver();
    let sent = 0;
    const closed = Promise.withResolvers<void>();
    receiver.answer = (response) => {
      response.on('close', closed.resolve);
      const more = (): void => {
        while (sent < 10_000_000 && response.write(Buffer.alloc(65_536))) sent += 65_536;
      };
      response.on('drain', more);
      more();
    };
    expect(await send(at(receiver.url))).toEqual({ kind: 'delivered' });
    await closed.promise;
    expect(sent).toBeLessThan(10_000_000);
  });

  it('and answers without an end is left at the deadline', async () => {
    const receiver = await aReceiver();
    const clock = createFakeClock();
    const closed = Promise.withResolvers<void>();
    receiver.answer = (response) => {
      response.on('close', closed.resolve);
      response.write('never');
    };
    expect(await createPost(clock)(at(receiver.url), '{}', new AbortController().signal)).toEqual({
      kind: 'delivered',
    });
    await clock.advance(30_000);
    await closed.promise;
  });

  it('cannot lead elsewhere', async () => {
    const elsewhere = await aReceiver();
    const receiver = await aReceiver();
    receiver.answer = (response) => response.writeHead(307, { location: elsewhere.url }).end();
    expect(await send(at(receiver.url))).toEqual({
      kind: 'refused',
      why: 'status 307: a redirect, which is not followed',
    });
    expect(elsewhere.received).toEqual([]);
  });

  it('and speaks something else than HTTP has failed', async () => {
    const receiver = await aReceiver();
    receiver.answer = (response) => response.socket?.end('220 mail.example.com ESMTP\r\n');
    expect(await send(at(receiver.url))).toMatchObject({ kind: 'failed' });
  });
});

describe('a receiver that is not well', () => {
  it.each([
    [400, 'refused'],
    [413, 'refused'],
    [401, 'failed'],
    [403, 'failed'],
    [404, 'failed'],
    [429, 'failed'],
    [500, 'failed'],
    [503, 'failed'],
  ] as const)('and answers %i has %s it', async (status, kind) => {
    const receiver = await aReceiver();
    receiver.answer = (response) => response.writeHead(status).end('s3cr3t');
    expect(await send(at(receiver.url))).toEqual({ kind, why: `status ${status}` });
  });

  it('and does not answer has failed at the deadline', async () => {
    const receiver = await aReceiver();
    const clock = createFakeClock();
    receiver.answer = () => void clock.advance(30_000);
    expect(await createPost(clock)(at(receiver.url), '{}', new AbortController().signal)).toEqual({
      kind: 'failed',
      why: 'no answer within 30 s',
    });
  });

  it('and closes the connection has failed', async () => {
    const receiver = await aReceiver();
    receiver.answer = (response) => void response.socket?.destroy();
    expect(await send(at(receiver.url))).toMatchObject({ kind: 'failed' });
  });

  it('and is down has failed, and no error has its address', async () => {
    const receiver = await startReceiver();
    await receiver.close();
    const delivery = await send(at(receiver.url));
    expect(delivery).toEqual({ kind: 'failed', why: 'the request failed (ECONNREFUSED)' });
  });

  it('and has a name that is not resolved has failed, and no error has that name', async () => {
    const delivery = await send(at('http://s3cr3t.invalid/x'));
    expect(delivery.kind).toBe('failed');
    expect(JSON.stringify(delivery)).toMatch(/ENOTFOUND|EAI_AGAIN/);
    expect(JSON.stringify(delivery)).not.toContain('s3cr3t');
  });

  it('is not waited for when the process ends', async () => {
    const receiver = await aReceiver();
    const end = new AbortController();
    receiver.answer = () => end.abort();
    expect(await post(at(receiver.url), '{}', end.signal)).toMatchObject({ kind: 'failed' });
  });
});

describe('a receiver with TLS', () => {
  const directory = mkdtempSync(join(tmpdir(), 'dnshealth-receiver-'));
  const [key, cert] = [join(directory, 'key'), join(directory, 'cert')];
  execFileSync(
    'openssl',
    `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout ${key} -out ${cert}`.split(
      ' ',
    ),
    { stdio: 'ignore' },
  );
  const tls = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  rmSync(directory, { recursive: true });

  it('of an authority that nobody knows is not told anything', async () => {
    const receiver = await aReceiver({ tls });
    expect(await send(at(receiver.url))).toEqual({
      kind: 'failed',
      why: 'the request failed (DEPTH_ZERO_SELF_SIGNED_CERT)',
    });
    expect(receiver.received).toEqual([]);
  });

  it('is told if its authority is given', async () => {
    const receiver = await aReceiver({ tls });
    expect(await send(at(receiver.url, { ca: tls.cert }))).toEqual({ kind: 'delivered' });
  });

  it('with a certificate for another name is not told anything', async () => {
    const receiver = await aReceiver({ tls });
    const url = receiver.url.replace('localhost', '127.0.0.1');
    expect(await send(at(url, { ca: tls.cert }))).toMatchObject({ kind: 'failed' });
    expect(receiver.received).toEqual([]);
  });
});
