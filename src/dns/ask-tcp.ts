/** One question over TCP, with the two-byte length before each message. */
import { connect } from 'node:net';
import dnsPacket from 'dns-packet';
import { type DnsReply, type DnsServer, question, type RecordType, replyTo } from './message.ts';

/** @throws the socket's error, or the signal's reason when there was no answer in time. */
export async function askTcp(
  server: DnsServer,
  name: string,
  signal: AbortSignal,
  { type = 'A' }: { readonly type?: RecordType } = {},
): Promise<DnsReply> {
  signal.throwIfAborted();
  const asked = question(name, type);
  const socket = connect({ host: server.address, port: server.port, signal });
  try {
    socket.write(dnsPacket.streamEncode(asked.message));
    let received = Buffer.alloc(0);
    for await (const chunk of socket) {
      received = Buffer.concat([received, chunk as Buffer]);
      if (received.length < 2 || received.length < received.readUInt16BE(0) + 2) continue;
      const reply = replyTo(asked, dnsPacket.streamDecode(received));
      if (reply) return reply;
      throw new Error('the answer belongs to another question');
    }
    throw new Error('the connection was closed without an answer');
  } catch (error) {
    // The socket reports an abort as a bare AbortError; the reason says whether it was a time-out.
    if (signal.aborted) throw signal.reason;
    throw error;
  } finally {
    socket.destroy();
  }
}
