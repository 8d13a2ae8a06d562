import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import packet from 'dns-packet';
import { describe, expect, it } from 'vitest';
import { askServer } from './ask-server.ts';

describe('askServer', () => {
  async function aServer(
    answer: (query: packet.Packet) => readonly Buffer[],
    address = '127.0.0.1',
  ): Promise<{ port: number; close: () => void }> {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    socket.on('message', (bytes, from) => {
      for (const reply of answer(packet.decode(bytes))) socket.send(reply, from.port, from.address);
    });
    socket.bind(0, address);
    await once(socket, 'listening');
    return { port: socket.address().port, close: () => socket.close() };
  }
  const reply = (query: packet.Packet, rcode: number, change: Partial<packet.Packet> = {}): Buffer =>
    packet.encode({ ...query, type: 'response', flags: rcode, ...change });

  it('returns the rcode', async () => {
    const server = await aServer((query) => [reply(query, 3)]);
    expect(await askServer('127.0.0.1', 'x.invalid.', server.port)).toMatchObject({ result: 'NXDOMAIN' });
    server.close();
  });

  it('asks a server with an IPv6 address', async () => {
    const server = await aServer((query) => [reply(query, 3)], '::1');
    expect(await askServer('::1', 'x.invalid', server.port)).toMatchObject({ result: 'NXDOMAIN' });
    server.close();
  });

  it('keeps waiting after a datagram that is not the answer', async () => {
    const server = await aServer((query) => [
      Buffer.from('nonsense'),
      reply(query, 0, { id: ((query.id ?? 0) + 1) % 0x10000 }),
      reply(query, 0, { questions: [{ type: 'A', name: 'other.invalid' }] }),
      reply(query, 5),
    ]);
    expect(await askServer('127.0.0.1', 'x.invalid', server.port)).toMatchObject({ result: 'REFUSED' });
    server.close();
  });

  it('asks up to three times', async () => {
    let asked = 0;
    const server = await aServer((query) => (++asked < 3 ? [] : [reply(query, 0)]));
    expect(await askServer('127.0.0.1', 'x.invalid', server.port)).toMatchObject({ result: 'NOERROR' });
    expect(asked).toBe(3);
    server.close();
  });

  it('asks an address with a scope without it, as CoreDNS does', async () => {
    const server = await aServer((query) => [reply(query, 0)]);
    expect(await askServer('127.0.0.1%eth9', 'x.invalid', server.port)).toMatchObject({ result: 'NOERROR' });
    server.close();
  });

  it('reports a closed port at once', async () => {
    const server = await aServer(() => []);
    server.close();
    expect(await askServer('127.0.0.1', 'x.invalid', server.port)).toMatchObject({ result: 'ECONNREFUSED' });
  });

  it('reports an invalid address instead of throwing', async () => {
    const { result } = await askServer('999.1.1.1', 'x.invalid', 53);
    expect(result).not.toBe('NOERROR');
  });
});
