/** One question over UDP, from a socket and port of its own. */
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import dnsPacket from 'dns-packet';
import { type DnsReply, type DnsServer, question, type RecordType, replyTo } from './message.ts';

interface UdpOptions {
  /** @default 'A' */
  readonly type?: RecordType;
  /** Whether to wait on after a datagram that is not DNS, which may be forged, instead of failing. @default false */
  readonly skipUnreadable?: boolean;
}

/** @throws the socket's error, or the signal's reason when there was no answer in time. */
export async function askUdp(
  server: DnsServer,
  name: string,
  signal: AbortSignal,
  { type = 'A', skipUnreadable = false }: UdpOptions = {},
): Promise<DnsReply> {
  const asked = question(name, type);
  const socket = createSocket(isIPv6(server.address) ? 'udp6' : 'udp4');
  const { promise, resolve, reject } = Promise.withResolvers<DnsReply>();
  const abort = () => reject(signal.reason);
  socket.on('error', reject);
  socket.on('message', (bytes) => {
    try {
      const reply = replyTo(asked, dnsPacket.decode(bytes));
      if (reply) resolve(reply);
    } catch (error) {
      if (!skipUnreadable)
        reject(new Error(`unreadable DNS message of ${bytes.length} bytes`, { cause: error }));
    }
  });
  signal.addEventListener('abort', abort, { once: true });
  try {
    signal.throwIfAborted();
    // Connected, so that a closed port is an error at once and no other host can answer.
    socket.connect(server.port, server.address, (error?: Error) => {
      // Without a route the callback gets the error; a send would then throw where nobody can catch it.
      if (error) reject(error);
      else socket.send(dnsPacket.encode(asked.message));
    });
    return await promise;
  } finally {
    signal.removeEventListener('abort', abort);
    socket.close();
  }
}
