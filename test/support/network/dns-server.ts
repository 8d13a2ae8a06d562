/** A DNS server on loopback whose answers a test decides, on the same port over UDP and TCP. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, isIPv6, type Socket } from 'node:net';
import dnsPacket from 'dns-packet';

/** Sends bytes to the client. Over TCP the caller adds the length, or leaves it out on purpose. */
export type Reply = (query: dnsPacket.Packet, send: (bytes: Buffer) => void) => void;

export interface DnsTestServer {
  readonly port: number;
  close(): Promise<void>;
}

export async function startDnsServer(
  reply: {
    readonly udp?: Reply;
    readonly tcp?: Reply;
    /** A client has closed its connection, which it does once it has read its answer. */
    readonly tcpClosed?: () => void;
  },
  { address = '127.0.0.1', port: wanted = 0 }: { readonly address?: string; readonly port?: number } = {},
): Promise<DnsTestServer> {
  const connections = new Set<Socket>();
  const tcp = createServer((socket) => {
    connections.add(socket);
    socket.on('close', () => reply.tcpClosed?.());
    // A client that has its answer may reset the connection.
    socket.on('error', () => socket.destroy());
    socket.on('data', (bytes: Buffer) =>
      reply.tcp?.(dnsPacket.streamDecode(bytes), (out) => socket.write(out)),
    );
  });
  tcp.listen(wanted, address);
  await once(tcp, 'listening');
  const { port } = tcp.address() as AddressInfo;
  const udp = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  udp.on('message', (bytes, from) =>
    reply.udp?.(dnsPacket.decode(bytes), (out) => udp.send(out, from.port, from.address)),
  );
  udp.bind(port, address);
  await once(udp, 'listening');
  return {
    port,
    async close() {
      for (const socket of connections) socket.destroy();
      await Promise.all([
        new Promise<void>((resolve) => {
          udp.close(resolve);
        }),
        new Promise((resolve) => {
          tcp.close(resolve);
        }),
      ]);
    },
  };
}

const RCODES = { NOERROR: 0, SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 } as const;

/** An answer to the query: its id and question, the rcode, and A or AAAA records. */
export function answerTo(
  query: dnsPacket.Packet,
  { rcode = 'NOERROR', addresses = [], id = query.id ?? 0, name, type }: Partial<AnswerOptions> = {},
): Buffer {
  const [question] = query.questions ?? [];
  return dnsPacket.encode({
    type: 'response',
    id,
    flags: dnsPacket.RECURSION_DESIRED | dnsPacket.RECURSION_AVAILABLE | RCODES[rcode],
    questions: [{ type: type ?? question?.type ?? 'A', name: name ?? question?.name ?? '' }],
    answers: addresses.map((data) => ({
      type: isIPv6(data) ? 'AAAA' : 'A',
      name: question?.name ?? '',
      ttl: 5,
      data,
    })),
  });
}

interface AnswerOptions {
  readonly rcode: keyof typeof RCODES;
  readonly addresses: readonly string[];
  readonly id: number;
  readonly name: string;
  readonly type: 'A' | 'AAAA';
}

/** Adds the two bytes of length that precede each message over TCP. */
export function framed(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}
