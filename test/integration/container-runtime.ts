/** The minimum of a container runtime that a kubelet needs to start: it has a version, no pods and no images. */
import { createServer, type ServerHttp2Stream } from 'node:http2';

export interface ContainerRuntime {
  readonly endpoint: string;
  close(): void;
}

/** gRPC by hand: a message is five bytes of head and the fields; no field at all is an empty answer. */
const EMPTY = message([]);
const VERSION = message(['0.1.0', 'none', '1.0.0', 'v1']);

export async function startContainerRuntime(socketPath: string): Promise<ContainerRuntime> {
  const server = createServer();
  const open = new Set<ServerHttp2Stream>();
  server.on('stream', (stream, headers) => {
    open.add(stream);
    stream.once('close', () => open.delete(stream));
    // A kubelet that is killed resets its streams; that is how each of these tests ends.
    stream.on('error', () => undefined);
    stream.resume();
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(headers[':path']?.endsWith('/Version') ? VERSION : EMPTY);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, resolve);
  });
  return {
    endpoint: `unix://${socketPath}`,
    close: () => {
      for (const stream of open) stream.close();
      server.close();
    },
  };
}

/** Strings of less than 128 bytes, in the fields 1, 2, 3 and so on. */
function message(strings: readonly string[]): Buffer {
  const fields = strings.map((text, index) =>
    Buffer.concat([Buffer.from([((index + 1) << 3) | 2, text.length]), Buffer.from(text)]),
  );
  const body = Buffer.concat(fields);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}
