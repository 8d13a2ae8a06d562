/**
 * A client of the node's system bus: authenticates as the agent's uid, makes calls. Used by `systemd-kubelet.ts`.
 *
 * Not an npm library: @homebridge/dbus-native works, but brings 15 packages (event-stream and an XML parser among
 * them) as CommonJS into a program that runs as root on nodes, and its calls have no timeout; dbus-next cannot be
 * bundled. The agent needs six method calls and no signals.
 */
import { createConnection, type Socket } from 'node:net';
import { type DbusCall, type DbusMessage, decodeMessage, encodeCall, messageLength } from './dbus-wire.ts';

const CALL_TIMEOUT_MS = 5_000;

/** An error reply: `name` is the D-Bus error name, for example org.freedesktop.DBus.Error.AccessDenied. */
export class DbusError extends Error {
  constructor(name: string, message: string) {
    super(message === '' ? name : message);
    this.name = name;
  }
}

interface Waiting {
  readonly resolve: (body: readonly unknown[]) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

export class SystemBus {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, Waiting>();
  #serial = 0;
  #received: Buffer = Buffer.alloc(0);
  #closed: Error | undefined;

  private constructor(socket: Socket, rest: Buffer) {
    this.#socket = socket;
    socket.on('data', (chunk) => this.#onData(chunk));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the system bus closed the connection')));
    if (rest.length > 0) this.#onData(rest);
  }

  static async connect(socketPath: string): Promise<SystemBus> {
    const socket = createConnection(socketPath);
    const rest = await authenticate(socket);
    const bus = new SystemBus(socket, rest);
    await bus.call({
      destination: 'org.freedesktop.DBus',
      path: '/org/freedesktop/DBus',
      interface: 'org.freedesktop.DBus',
      member: 'Hello',
      args: [],
    });
    return bus;
  }

  get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  async call(call: DbusCall): Promise<readonly unknown[]> {
    if (this.#closed !== undefined) throw this.#closed;
    const serial = ++this.#serial;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(serial);
        reject(new Error(`no reply to ${call.member} within ${CALL_TIMEOUT_MS} ms`));
      }, CALL_TIMEOUT_MS);
      this.#waiting.set(serial, { resolve, reject, timer });
      this.#socket.write(encodeCall(serial, call));
    });
  }

  close(): void {
    this.#fail(new Error('connection to the system bus closed by the agent'));
    this.#socket.destroy();
  }

  #onData(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    try {
      for (;;) {
        const length = messageLength(this.#received);
        if (length === undefined || this.#received.length < length) return;
        const message = this.#received.subarray(0, length);
        this.#received = this.#received.subarray(length);
        this.#settle(decodeMessage(Buffer.from(message)));
      }
    } catch (error) {
      // After an unreadable message the boundary of the next one is unknown.
      this.#fail(error instanceof Error ? error : new Error(String(error)));
      this.#socket.destroy();
    }
  }

  #settle(message: DbusMessage): void {
    const waiting = this.#waiting.get(message.replySerial);
    if (waiting === undefined || message.kind === 'other') return;
    this.#waiting.delete(message.replySerial);
    clearTimeout(waiting.timer);
    if (message.kind === 'reply') waiting.resolve(message.body);
    else waiting.reject(new DbusError(message.errorName, textOf(message.body[0])));
  }

  #fail(error: Error): void {
    this.#closed ??= error;
    for (const waiting of this.#waiting.values()) {
      clearTimeout(waiting.timer);
      waiting.reject(error);
    }
    this.#waiting.clear();
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** SASL EXTERNAL: the bus takes the uid from the socket's credentials. Returns what came after the handshake. */
async function authenticate(socket: Socket): Promise<Buffer> {
  const uid = Buffer.from(String(process.getuid?.() ?? 0)).toString('hex');
  return new Promise((resolve, reject) => {
    let answer: Buffer = Buffer.alloc(0);
    const stop = (error: Error): void => {
      socket.destroy();
      reject(error);
    };
    const timer = setTimeout(
      () => stop(new Error(`no reply from the system bus within ${CALL_TIMEOUT_MS} ms`)),
      CALL_TIMEOUT_MS,
    );
    const onData = (chunk: Buffer): void => {
      answer = Buffer.concat([answer, chunk]);
      const end = answer.indexOf('\r\n');
      if (end < 0) return;
      clearTimeout(timer);
      socket.off('data', onData).off('error', onError);
      const line = answer.toString('latin1', 0, end);
      if (!line.startsWith('OK '))
        return stop(new Error(`authentication refused by the system bus: ${line}`));
      socket.write('BEGIN\r\n');
      resolve(answer.subarray(end + 2));
    };
    const onError = (error: Error): void => {
      clearTimeout(timer);
      reject(error);
    };
    socket.on('data', onData).on('error', onError);
    socket.write(`\0AUTH EXTERNAL ${uid}\r\n`);
  });
}
