import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import packet from 'dns-packet';
import { describe, expect, it } from 'vitest';
import { proveRequestSchema } from '../api/agent-protocol.ts';
import { askServer } from './ask-server.ts';
import { prove } from './prove.ts';

const request = proveRequestSchema.parse({
  verb: 'prove',
  nonce: 'n',
  remediation: 'r',
  known: {},
  acceptRisky: false,
  externalName: 'x.invalid',
});

function aResolvConf(text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'dnshealth-prove-')), 'resolv.conf');
  writeFileSync(path, text);
  return path;
}

describe('prove', () => {
  const two = 'nameserver 192.0.2.1\nnameserver 192.0.2.2\n';
  it.each([
    ['one of two answers', two, { '192.0.2.1': 'timeout', '192.0.2.2': 'NXDOMAIN' }, 'proven', 'Proven'],
    ['all are silent', two, { '192.0.2.1': 'timeout', '192.0.2.2': 'timeout' }, 'failed', 'NoServerAnswers'],
    ['they fail', two, { '192.0.2.1': 'SERVFAIL', '192.0.2.2': 'REFUSED' }, 'failed', 'NoServerAnswers'],
    ['it is the stub', 'nameserver 127.0.0.53\n', {}, 'failed', 'ResolvConfUnusable'],
    ['it is empty', '', {}, 'failed', 'ResolvConfUnusable'],
  ])('where %s', async (_name, text, answers, outcome, reason) => {
    const ask = async (server: string) => ({
      result: (answers as Record<string, string>)[server] ?? 'unasked',
      ms: 1,
    });
    const report = await prove(request, { resolvConfPath: aResolvConf(text), ask });
    expect(report).toMatchObject({ outcome, reason, nonce: 'n' });
    expect(report.answers.length).toBe(Object.keys(answers).length);
  });
});

describe('askServer', () => {
  async function aServer(
    answer: (query: packet.Packet) => readonly Buffer[],
  ): Promise<{ port: number; close: () => void }> {
    const socket = createSocket('udp4');
    socket.on('message', (bytes, from) => {
      for (const reply of answer(packet.decode(bytes))) socket.send(reply, from.port, from.address);
    });
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return { port: socket.address().port, close: () => socket.close() };
  }
  const reply = (query: packet.Packet, rcode: number, change: Partial<packet.Packet> = {}): Buffer =>
    packet.encode({ ...query, type: 'response', flags: rcode, ...change });

  it('tells the rcode', async () => {
    const server = await aServer((query) => [reply(query, 3)]);
    expect(await askServer('127.0.0.1', 'x.invalid.', server.port)).toMatchObject({ result: 'NXDOMAIN' });
    server.close();
  });

  it('waits on past what is not the answer', async () => {
    const server = await aServer((query) => [
      Buffer.from('nonsense'),
      reply(query, 0, { id: ((query.id ?? 0) + 1) % 0x10000 }),
      reply(query, 0, { questions: [{ type: 'A', name: 'other.invalid' }] }),
      reply(query, 5),
    ]);
    expect(await askServer('127.0.0.1', 'x.invalid', server.port)).toMatchObject({ result: 'REFUSED' });
    server.close();
  });

  it('asks three times', async () => {
    let asked = 0;
    const server = await aServer((query) => (++asked < 3 ? [] : [reply(query, 0)]));
    expect(await askServer('127.0.0.1', 'x.invalid', server.port)).toMatchObject({ result: 'NOERROR' });
    expect(asked).toBe(3);
    server.close();
  });

  it('tells a closed port at once', async () => {
    const server = await aServer(() => []);
    server.close();
    expect(await askServer('127.0.0.1', 'x.invalid', server.port)).toMatchObject({ result: 'ECONNREFUSED' });
  });

  it('takes what is no address for an error, not for an exception', async () => {
    const { result } = await askServer('999.1.1.1', 'x.invalid', 53);
    expect(result).not.toBe('NOERROR');
  });
});
