import { once } from 'node:events';
import { type ClientHttp2Session, connect, createServer } from 'node:http2';
import { type AddressInfo, createServer as createTcpServer, connect as dial, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { beat } from './heartbeat.ts';

const EVERY_MS = 100;

describe('the heartbeat', () => {
  const open: (() => void)[] = [];
  afterEach(() => {
    for (const close of open.splice(0)) close();
  });

  /** A session over a connection that can be frozen. */
  async function setup() {
    const server = createServer().listen(0, '127.0.0.1');
    const wires: Socket[] = [];
    const proxy = createTcpServer((near) => {
      const far = dial((server.address() as AddressInfo).port, '127.0.0.1');
      wires.push(near, far);
      near.pipe(far).pipe(near);
      for (const end of [near, far]) end.on('error', () => end.destroy());
    }).listen(0, '127.0.0.1');
    await Promise.all([once(server, 'listening'), once(proxy, 'listening')]);
    const session: ClientHttp2Session = connect(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
    const errors: string[] = [];
    session.on('error', (error: Error) => errors.push(error.message));
    await once(session, 'remoteSettings');
    open.push(
      () => session.destroy(),
      () => proxy.close(),
      () => server.close(),
      () => wires.forEach((wire) => void wire.destroy()),
    );
    const freeze = (): void => {
      for (const wire of wires) wire.unpipe().pause();
    };
    return { session, errors, freeze };
  }

  it('keeps a session that responds', async () => {
    const { session, errors } = await setup();
    beat(session, EVERY_MS);
    await sleep(EVERY_MS * 6);
    expect(session.destroyed).toBe(false);
    expect(errors).toEqual([]);
  });

  it('destroys a session that does not respond', async () => {
    const { session, errors, freeze } = await setup();
    beat(session, EVERY_MS);
    freeze();
    await expect.poll(() => errors).toEqual(['the connection is dead: no response to a PING in 100 ms']);
    expect(session.destroyed).toBe(true);
  });

  it('keeps a session if the process itself was not running', async () => {
    const { session, errors } = await setup();
    beat(session, EVERY_MS);
    for (let round = 0; round < 3; round++) {
      await sleep(EVERY_MS * 1.2);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, EVERY_MS * 4);
    }
    await sleep(EVERY_MS * 2);
    expect(session.destroyed).toBe(false);
    expect(errors).toEqual([]);
  });
});
