/** Asks one DNS server one question over UDP, from a fresh port with a random id, and says what it answered. */
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import packet from 'dns-packet';

const TIMEOUT_MS = 1_000;
const TRIES = 3;

export interface Answered {
  /** The rcode, or what went wrong. */
  readonly result: string;
  readonly ms: number;
}

/** A resolver's word that it works: also that there is no such name, but not that it will not or cannot look. */
export const isAnswer = (result: string): boolean => result === 'NOERROR' || result === 'NXDOMAIN';

export async function askServer(server: string, name: string, port = 53): Promise<Answered> {
  const beganMs = performance.now();
  let result = 'timeout';
  for (let attempt = 0; attempt < TRIES; attempt++) {
    result = await askOnce(server, name, port);
    if (result !== 'timeout') break;
  }
  return { result, ms: Math.round(performance.now() - beganMs) };
}

async function askOnce(server: string, name: string, port: number): Promise<string> {
  const id = randomInt(0x10000);
  const question = { type: 'A', name: name.replace(/\.$/, '') } as const;
  const query = packet.encode({ type: 'query', id, flags: packet.RECURSION_DESIRED, questions: [question] });
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(server) ? 'udp6' : 'udp4');
    let isDone = false;
    const done = (result: string): void => {
      if (isDone) return;
      isDone = true;
      clearTimeout(timer);
      socket.close();
      resolve(result);
    };
    const timer = setTimeout(() => done('timeout'), TIMEOUT_MS);
    socket.once('error', (error: NodeJS.ErrnoException) => done(error.code ?? error.message));
    socket.on('message', (bytes) => {
      const rcode = rcodeOf(bytes, id, question.name);
      // Anything else on this port is not the answer; a forged one must not end the wait.
      if (rcode !== undefined) done(rcode);
    });
    // Connected, so that only this server's datagrams arrive and a closed port is told at once.
    socket.connect(port, server, (error?: NodeJS.ErrnoException) => {
      if (error) done(error.code ?? error.message);
      else socket.send(query);
    });
  });
}

function rcodeOf(bytes: Uint8Array, id: number, name: string): string | undefined {
  try {
    const answer = packet.decode(Buffer.from(bytes)) as packet.DecodedPacket & { rcode?: string };
    const asked = answer.questions?.[0]?.name;
    if (answer.type !== 'response' || answer.id !== id || asked?.toLowerCase() !== name.toLowerCase())
      return undefined;
    return answer.rcode;
  } catch {
    return undefined;
  }
}
