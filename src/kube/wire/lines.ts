/** Splits a stream of bytes into lines. */

/** etcd refuses objects above 1.5 MiB; as JSON with managed fields one may have a few times that. */
const LONGEST_LINE_BYTES = 16 * 1024 * 1024;

/** @throws RangeError for a line that is too long to come from an API server */
export async function* linesOf(
  chunks: AsyncIterable<Buffer>,
  longest = LONGEST_LINE_BYTES,
): AsyncGenerator<string, void, undefined> {
  // Joined only when the line is complete: joining with each chunk would copy a large object again and again.
  let pieces: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
      pieces.push(chunk.subarray(from, end));
      const line = Buffer.concat(pieces).toString('utf8');
      pieces = [];
      size = 0;
      from = end + 1;
      if (line !== '') yield line;
    }
    size += chunk.length - from;
    if (size > longest) throw new RangeError(`a line is longer than ${longest} bytes`);
    if (from < chunk.length) pieces.push(chunk.subarray(from));
  }
  const rest = Buffer.concat(pieces).toString('utf8');
  if (rest !== '') yield rest;
}
