/** The D-Bus wire format: encodes calls with string arguments, decodes any reply. Used by `system-bus.ts`. */

/** A method call; the agent only needs string arguments. */
export interface DbusCall {
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly args: readonly string[];
}

export interface DbusMessage {
  readonly kind: 'reply' | 'error' | 'other';
  readonly replySerial: number;
  readonly errorName: string;
  readonly body: readonly unknown[];
}

/** systemd's GetAll reply is some 30 kB; more than this is not from systemd. */
const MAX_MESSAGE_BYTES = 4 << 20;
const MAX_DEPTH = 64;
const FIXED_HEADER_BYTES = 16;
const LITTLE_ENDIAN = 'l'.charCodeAt(0);

const padding = (at: number, to: number): number => (to - (at % to)) % to;

export function encodeCall(serial: number, call: DbusCall): Buffer {
  const body = joinAligned(call.args.map(encodeString));
  const fields: Buffer[] = [
    field(1, 'o', encodeString(call.path)),
    field(2, 's', encodeString(call.interface)),
    field(3, 's', encodeString(call.member)),
    field(6, 's', encodeString(call.destination)),
  ];
  if (call.args.length > 0) fields.push(field(8, 'g', encodeSignature('s'.repeat(call.args.length))));
  const fieldBytes = joinAligned(fields, 8);

  const fixed = Buffer.alloc(FIXED_HEADER_BYTES);
  fixed.set([LITTLE_ENDIAN, 1, 0, 1]);
  fixed.writeUInt32LE(body.length, 4);
  fixed.writeUInt32LE(serial, 8);
  fixed.writeUInt32LE(fieldBytes.length, 12);
  return Buffer.concat([fixed, fieldBytes, Buffer.alloc(padding(fieldBytes.length, 8)), body]);
}

/** The length of the message at the start of `bytes`, or undefined until its header has arrived. */
export function messageLength(bytes: Buffer): number | undefined {
  if (bytes.length < FIXED_HEADER_BYTES) return undefined;
  const little = bytes[0] === LITTLE_ENDIAN;
  const body = little ? bytes.readUInt32LE(4) : bytes.readUInt32BE(4);
  const fields = little ? bytes.readUInt32LE(12) : bytes.readUInt32BE(12);
  const length = FIXED_HEADER_BYTES + fields + padding(fields, 8) + body;
  if (length > MAX_MESSAGE_BYTES) throw new Error(`D-Bus message too large: ${length} bytes`);
  return length;
}

export function decodeMessage(bytes: Buffer): DbusMessage {
  const reader = new Reader(bytes, bytes[0] === LITTLE_ENDIAN);
  reader.at = 12;
  const fields = new Map(
    (reader.read('a(yv)') as [number, unknown][]).map(([code, value]) => [code, value] as const),
  );
  reader.align(8);
  const signature = fields.get(8);
  const body = typeof signature === 'string' ? reader.readAll(signature) : [];
  const errorName = fields.get(4);
  return {
    kind: bytes[1] === 2 ? 'reply' : bytes[1] === 3 ? 'error' : 'other',
    replySerial: Number(fields.get(5) ?? 0),
    errorName: typeof errorName === 'string' ? errorName : '',
    body,
  };
}

function encodeString(text: string): Buffer {
  const bytes = Buffer.from(`${text}\0`, 'utf8');
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length - 1);
  return Buffer.concat([length, bytes]);
}

function encodeSignature(signature: string): Buffer {
  return Buffer.concat([Buffer.from([signature.length]), Buffer.from(`${signature}\0`)]);
}

/** A header field is a struct (byte, variant); its value begins at offset 4, which suits strings and signatures. */
function field(code: number, type: string, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([code, 1, type.charCodeAt(0), 0]), value]);
}

function joinAligned(parts: readonly Buffer[], to = 4): Buffer {
  let joined: Buffer = Buffer.alloc(0);
  for (const part of parts) joined = Buffer.concat([joined, Buffer.alloc(padding(joined.length, to)), part]);
  return joined;
}

/** The end of the complete type that begins at `start`. */
function typeEnd(signature: string, start: number): number {
  const first = signature[start];
  if (first === undefined) throw new Error(`D-Bus signature ${signature} ends early`);
  if (first === 'a') return typeEnd(signature, start + 1);
  if (first !== '(' && first !== '{') return start + 1;
  let at = start + 1;
  while (signature[at] !== ')' && signature[at] !== '}') at = typeEnd(signature, at);
  return at + 1;
}

function alignment(type: string): number {
  if ('yvg'.includes(type)) return 1;
  if ('nq'.includes(type)) return 2;
  return 'xtd({'.includes(type) ? 8 : 4;
}

class Reader {
  readonly #view: DataView;
  readonly #bytes: Buffer;
  readonly #little: boolean;
  #depth = 0;
  at = 0;

  constructor(bytes: Buffer, little: boolean) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#little = little;
  }

  align(to: number): void {
    this.at += padding(this.at, to);
  }

  readAll(signature: string): unknown[] {
    const values: unknown[] = [];
    for (let at = 0; at < signature.length; ) {
      const end = typeEnd(signature, at);
      values.push(this.read(signature.slice(at, end)));
      at = end;
    }
    return values;
  }

  read(type: string): unknown {
    if (this.#depth >= MAX_DEPTH) throw new Error('D-Bus value nested too deeply');
    this.#depth++;
    const value = this.#readOne(type);
    this.#depth--;
    return value;
  }

  #readOne(type: string): unknown {
    const code = type.charAt(0);
    this.align(alignment(code));
    switch (code) {
      case 'y':
        return this.#view.getUint8(this.#take(1));
      case 'b':
        return this.#uint32() !== 0;
      case 'n':
        return this.#view.getInt16(this.#take(2), this.#little);
      case 'q':
        return this.#view.getUint16(this.#take(2), this.#little);
      case 'i':
        return this.#view.getInt32(this.#take(4), this.#little);
      case 'u':
      case 'h':
        return this.#uint32();
      case 'x':
        return this.#view.getBigInt64(this.#take(8), this.#little);
      case 't':
        return this.#view.getBigUint64(this.#take(8), this.#little);
      case 'd':
        return this.#view.getFloat64(this.#take(8), this.#little);
      case 's':
      case 'o':
        return this.#text(this.#uint32());
      case 'g':
        return this.#text(this.#view.getUint8(this.#take(1)));
      case 'v':
        return this.read(this.#text(this.#view.getUint8(this.#take(1))));
      case '(':
      case '{':
        return this.readAll(type.slice(1, -1));
      case 'a':
        return this.#array(type.slice(1));
      default:
        throw new Error(`unknown D-Bus type ${code}`);
    }
  }

  #array(element: string): unknown[] {
    const length = this.#uint32();
    this.align(alignment(element.charAt(0)));
    const end = this.at + length;
    const values: unknown[] = [];
    while (this.at < end) values.push(this.read(element));
    return values;
  }

  #uint32(): number {
    return this.#view.getUint32(this.#take(4), this.#little);
  }

  #text(length: number): string {
    const start = this.#take(length + 1);
    return this.#bytes.toString('utf8', start, start + length);
  }

  /** Advances by `count` and returns the start; DataView throws if that is beyond the end. */
  #take(count: number): number {
    const start = this.at;
    this.at += count;
    return start;
  }
}
