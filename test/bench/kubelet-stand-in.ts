/** A kubelet as far as `diagnose` asks one through the API server: logs, configz, stats, metrics of a pod, a forwarded port. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer as createPlain, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import dnsPacket from 'dns-packet';
import type { Apiserver } from '../support/apiserver/apiserver.ts';
import { answerTo, framed } from '../support/network/dns-server.ts';

export interface StandIn {
  readonly port: number;
  readonly metricsPort: number;
  close(): void;
}

interface Behaviour {
  /** Of the machine, and not loopback, which the API server refuses to connect to. */
  readonly address: string;
  readonly resolvConf: string;
  /** Of every container. */
  readonly log: string;
  /** Each answer takes so long, as over a network. */
  readonly delayMs: number;
}

/** One for many nodes: the API server connects to the address and port that a node reports. */
export async function startStandIn(server: Apiserver, behaviour: Behaviour): Promise<StandIn> {
  const { address, delayMs } = behaviour;
  const key = server.caFile.replace(/\.crt$/, '.key');
  const kubelet = createServer(
    { cert: readFileSync(server.caFile), key: readFileSync(key) },
    (asked, response) => {
      void answer(asked, response, behaviour);
    },
  );
  kubelet.on('upgrade', (asked, socket) => forwardPort(asked, socket, delayMs));
  const metrics = createPlain((_asked, response) => response.end(METRICS));
  const [port, metricsPort] = await Promise.all(
    [kubelet, metrics].map(
      async (each) =>
        new Promise<number>((resolve) => {
          each.listen(0, address, () => resolve((each.address() as AddressInfo).port));
        }),
    ),
  );
  return {
    port: port ?? 0,
    metricsPort: metricsPort ?? 0,
    close() {
      kubelet.close();
      kubelet.closeAllConnections();
      metrics.close();
      metrics.closeAllConnections();
    },
  };
}

async function answer(asked: IncomingMessage, response: ServerResponse, behaviour: Behaviour): Promise<void> {
  await sleep(behaviour.delayMs);
  const { url = '' } = asked;
  const json = (body: object): void => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(body));
  };
  const started = new Date(Date.now() - 3_600_000).toISOString();
  if (url.startsWith('/containerLogs/')) response.end(behaviour.log);
  else if (url.startsWith('/configz')) json({ kubeletconfig: configuration(behaviour.resolvConf) });
  else if (url.startsWith('/stats/summary'))
    json({ node: { startTime: started, systemContainers: [{ name: 'kubelet', startTime: started }] } });
  else response.writeHead(404).end();
}

/** As large as a real one. */
const configuration = (resolvConf: string): object => ({
  resolvConf,
  ...Object.fromEntries(Array.from({ length: 120 }, (_, at) => [`setting${at}`, `value-${at}`])),
});

const METRICS = [
  'coredns_forward_max_concurrent_rejects_total 0',
  'coredns_proxy_request_duration_seconds_count{proxy_name="forward",rcode="NOERROR",to="192.0.2.53:53"} 7',
  ...Array.from({ length: 400 }, (_, at) => `coredns_dns_request_size_bytes_bucket{le="${at}"} ${at}`),
  '',
].join('\n');

/** RFC 6455, server side, for the few short frames of a forwarded port. */
const WEBSOCKET_KEY = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

function forwardPort(asked: IncomingMessage, socket: Duplex, delayMs: number): void {
  const key = createHash('sha1')
    .update(`${asked.headers['sec-websocket-key']}${WEBSOCKET_KEY}`)
    .digest('base64');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${key}\r\nSec-WebSocket-Protocol: v4.channel.k8s.io\r\n\r\n`,
  );
  // The channels of data and of errors each begin with the number of the port.
  for (const channel of [0, 1]) socket.write(frame(Buffer.from([channel, 53, 0])));
  let received = Buffer.alloc(0);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    for (let message = unframe(received); message; message = unframe(received)) {
      received = received.subarray(message.length);
      if (message.payload[0] === 0) void reply(message.payload.subarray(1));
    }
  });
  async function reply(query: Buffer): Promise<void> {
    const asked = dnsPacket.streamDecode(query);
    await sleep(delayMs);
    const isExternal = asked.questions?.[0]?.name.endsWith('.invalid') === true;
    const message = answerTo(asked, isExternal ? { rcode: 'NXDOMAIN' } : { addresses: ['10.96.0.1'] });
    if (!socket.destroyed) socket.write(frame(Buffer.concat([Buffer.from([0]), framed(message)])));
  }
}

/** Binary, in one piece, shorter than 64 KiB. */
function frame(payload: Buffer): Buffer {
  const head =
    payload.length < 126 ? [0x82, payload.length] : [0x82, 126, payload.length >> 8, payload.length & 255];
  return Buffer.concat([Buffer.from(head), payload]);
}

/** Undefined while the frame is not complete. */
function unframe(bytes: Buffer): { readonly payload: Buffer; readonly length: number } | undefined {
  if (bytes.length < 2) return undefined;
  const short = (bytes[1] ?? 0) & 127;
  const start = short === 126 ? 4 : 2;
  if (bytes.length < start + 4) return undefined;
  const size = short === 126 ? bytes.readUInt16BE(2) : short;
  const end = start + 4 + size;
  if (bytes.length < end) return undefined;
  const mask = bytes.subarray(start, start + 4);
  const payload = Buffer.from(bytes.subarray(start + 4, end).map((byte, at) => byte ^ (mask[at % 4] ?? 0)));
  // Only data counts: opcode 8 closes, and 9 is a ping, which client-node does not send.
  return { payload: ((bytes[0] ?? 0) & 15) === 2 ? payload : Buffer.from([255]), length: end };
}
