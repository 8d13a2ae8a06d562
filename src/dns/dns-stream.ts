/** Questions over one stream, with the two-byte length before each message: TCP, or what is forwarded as such. */
import dnsPacket from 'dns-packet';
import { type DnsReply, question, type RecordType, replyTo } from './message.ts';

export interface DnsStream {
  /** Bytes that came from the server, in pieces of any size. */
  receive(chunk: Uint8Array): void;
  /** The stream has ended or failed: every open question gets this error. */
  fail(error: Error): void;
  /** Several questions may be open at the same time. @throws the error of the stream, or the signal's reason */
  ask(name: string, signal: AbortSignal, options?: { readonly type?: RecordType }): Promise<DnsReply>;
}

interface Open {
  readonly asked: ReturnType<typeof question>;
  readonly resolve: (reply: DnsReply) => void;
  readonly reject: (error: unknown) => void;
}

export function createDnsStream(write: (bytes: Uint8Array) => void): DnsStream {
  const open = new Map<number, Open>();
  /** Questions that were given up; their answers may still come. */
  const late = new Set<number>();
  let received: Buffer = Buffer.alloc(0);
  let failure: Error | undefined;

  function fail(error: Error): void {
    failure ??= error;
    for (const { reject } of open.values()) reject(failure);
    open.clear();
  }

  function take(message: Buffer): void {
    const { id = -1, ...decoded } = dnsPacket.streamDecode(message);
    const waiting = open.get(id);
    const reply = waiting && replyTo(waiting.asked, { id, ...decoded });
    if (waiting && reply) {
      open.delete(id);
      waiting.resolve(reply);
    } else if (!late.has(id)) fail(new Error('the answer belongs to another question'));
  }

  return {
    fail,
    receive(chunk) {
      received = Buffer.concat([received, chunk]);
      try {
        while (received.length >= 2 && received.length >= received.readUInt16BE(0) + 2) {
          const end = received.readUInt16BE(0) + 2;
          take(received.subarray(0, end));
          received = received.subarray(end);
        }
      } catch (error) {
        fail(error instanceof Error ? error : new Error(String(error)));
      }
    },
    async ask(name, signal, { type = 'A' } = {}) {
      signal.throwIfAborted();
      if (failure) throw failure;
      let asked = question(name, type);
      while (open.has(asked.id) || late.has(asked.id)) asked = question(name, type);
      const { promise, resolve, reject } = Promise.withResolvers<DnsReply>();
      const giveUp = (): void => {
        open.delete(asked.id);
        late.add(asked.id);
        reject(signal.reason);
      };
      signal.addEventListener('abort', giveUp, { once: true });
      open.set(asked.id, { asked, resolve, reject });
      try {
        write(dnsPacket.streamEncode(asked.message));
        return await promise;
      } finally {
        signal.removeEventListener('abort', giveUp);
      }
    },
  };
}
