/** One question over TCP, from a connection of its own. */
import { connect } from 'node:net';
import { createDnsStream } from './dns-stream.ts';
import type { DnsReply, DnsServer, RecordType } from './message.ts';

/** @throws the socket's error, or the signal's reason when there was no answer in time. */
export async function askTcp(
  server: DnsServer,
  name: string,
  signal: AbortSignal,
  options: { readonly type?: RecordType } = {},
): Promise<DnsReply> {
  signal.throwIfAborted();
  const socket = connect({ host: server.address, port: server.port });
  const stream = createDnsStream((bytes) => void socket.write(bytes));
  socket.on('data', (chunk: Buffer) => stream.receive(chunk));
  socket.on('error', (error) => stream.fail(error));
  socket.on('close', () => stream.fail(new Error('the connection was closed without an answer')));
  try {
    return await stream.ask(name, signal, options);
  } finally {
    socket.destroy();
  }
}
