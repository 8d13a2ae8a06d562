/** The other end of `src/agent/unit/system-bus.ts`: a system bus on a socket; one function answers every call. */
import { createServer, type Server, type Socket } from 'node:net';
import { messageLength } from '../../src/agent/unit/dbus-wire.ts';

export interface BusCall {
  readonly member: string;
  readonly args: readonly string[];
}

/** The body of a reply; a variant is a pair of signature and value. */
export interface BusReply {
  readonly signature: string;
  readonly body: readonly unknown[];
}

export type BusAnswer = BusReply | { readonly error: string } | 'hang up';

export async function serveBus(
  socketPath: string,
  answer: (call: BusCall) => BusAnswer,
): Promise<{ readonly close: () => void }> {
  const connections = new Set<Socket>();
  const server: Server = createServer((socket) => {
    connections.add(socket);
    // A killed agent resets its connection.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => connections.delete(socket));
    talk(socket, answer);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, resolve);
  });
  return {
    close: () => {
      server.close();
      for (const socket of connections) socket.destroy();
    },
  };
}

function talk(socket: Socket, answer: (call: BusCall) => BusAnswer): void {
  let received: Buffer = Buffer.alloc(0);
  let isAuthenticated = false;
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
    if (!isAuthenticated) {
      const begin = received.indexOf('BEGIN\r\n');
      if (begin < 0) {
        if (received.includes('\r\n')) socket.write('OK 0123456789abcdef0123456789abcdef\r\n');
        return;
      }
      isAuthenticated = true;
      received = received.subarray(begin + 'BEGIN\r\n'.length);
    }
    for (let length = messageLength(received); length !== undefined; length = messageLength(received)) {
      if (received.length < length) return;
      const call = decodeCall(Buffer.from(received.subarray(0, length)));
      received = received.subarray(length);
      const reply = call.member === 'Hello' ? { signature: 's', body: [':1.1'] } : answer(call);
      if (reply === 'hang up') {
        socket.destroy();
        return;
      }
      socket.write(encodeReply(call.serial, reply));
    }
  });
}

/** The agent only sends strings, in little-endian byte order. */
function decodeCall(bytes: Buffer): BusCall & { readonly serial: number } {
  let at = 0;
  const align = (to: number): void => void (at += (to - (at % to)) % to);
  const text = (): string => {
    align(4);
    const length = bytes.readUInt32LE(at);
    at += 4 + length + 1;
    return bytes.toString('utf8', at - length - 1, at - 1);
  };
  const signature = (): string => {
    const length = bytes.readUInt8(at);
    at += length + 2;
    return bytes.toString('utf8', at - length - 1, at - 1);
  };
  at = 16;
  const end = at + bytes.readUInt32LE(12);
  let member = '';
  let types = '';
  while (at < end) {
    align(8);
    const code = bytes.readUInt8(at++);
    const type = signature();
    const value = type === 'g' ? signature() : text();
    if (code === 3) member = value;
    if (code === 8) types = value;
  }
  align(8);
  return { member, args: types.split('').map(text), serial: bytes.readUInt32LE(8) };
}

function encodeReply(to: number, reply: BusReply | { readonly error: string }): Buffer {
  const body = new Writer();
  const isError = 'error' in reply;
  const signature = isError ? 's' : reply.signature;
  const values = isError ? [reply.error] : reply.body;
  types(signature).forEach((type, i) => body.write(type, values[i]));
  const fields: [number, [string, unknown]][] = [
    [5, ['u', to]],
    [8, ['g', signature]],
  ];
  if (isError) fields.push([4, ['s', reply.error]]);
  const message = new Writer();
  for (const byte of ['l'.charCodeAt(0), isError ? 3 : 2, 0, 1]) message.write('y', byte);
  message.write('u', body.bytes.length);
  message.write('u', 1);
  message.write('a(yv)', fields);
  message.align(8);
  return Buffer.concat([message.bytes, body.bytes]);
}

/** The complete types of a signature, one by one. */
function types(signature: string): readonly string[] {
  const found: string[] = [];
  for (let at = 0; at < signature.length; ) {
    const start = at;
    while (signature[at] === 'a') at++;
    let depth = 0;
    do {
      if (signature[at] === '(' || signature[at] === '{') depth++;
      if (signature[at] === ')' || signature[at] === '}') depth--;
      at++;
    } while (depth > 0);
    found.push(signature.slice(start, at));
  }
  return found;
}

class Writer {
  bytes: Buffer = Buffer.alloc(0);

  align(to: number): void {
    this.#add(Buffer.alloc((to - (this.bytes.length % to)) % to));
  }

  write(type: string, value: unknown): void {
    switch (type[0]) {
      case 'y':
        return this.#number(1, Number(value));
      case 'b':
        return this.#number(4, value === true ? 1 : 0);
      case 'u':
      case 'i':
        return this.#number(4, Number(value));
      case 't':
        return this.#number(8, Number(value));
      case 's':
      case 'o':
        this.#number(4, Buffer.byteLength(String(value)));
        return this.#add(Buffer.from(`${String(value)}\0`));
      case 'g':
        this.#number(1, String(value).length);
        return this.#add(Buffer.from(`${String(value)}\0`));
      case 'v': {
        const [signature, inner] = value as [string, unknown];
        this.write('g', signature);
        return this.write(signature, inner);
      }
      case '(':
      case '{':
        this.align(8);
        return types(type.slice(1, -1)).forEach((inner, i) =>
          this.write(inner, (value as readonly unknown[])[i]),
        );
      case 'a':
        return this.#array(type.slice(1), value as readonly unknown[]);
      default:
        throw new Error(`unknown D-Bus type ${type}`);
    }
  }

  #array(type: string, values: readonly unknown[]): void {
    this.#number(4, 0);
    const lengthAt = this.bytes.length - 4;
    if ('xtd({'.includes(type.charAt(0))) this.align(8);
    const start = this.bytes.length;
    for (const value of values) this.write(type, value);
    this.bytes.writeUInt32LE(this.bytes.length - start, lengthAt);
  }

  #number(size: 1 | 4 | 8, value: number): void {
    this.align(size);
    const bytes = Buffer.alloc(size);
    if (size === 8) bytes.writeBigUInt64LE(BigInt(Math.round(value)));
    else bytes.writeUIntLE(value, 0, size);
    this.#add(bytes);
  }

  #add(bytes: Buffer): void {
    this.bytes = Buffer.concat([this.bytes, bytes]);
  }
}
