import dnsPacket from 'dns-packet';
import { describe, expect, it } from 'vitest';
import { answerTo, framed } from '../../test/support/network/dns-server.ts';
import { createDnsStream } from './dns-stream.ts';

const never = new AbortController().signal;

/** A stream whose server answers only when the test says so. */
function held() {
  const asked: dnsPacket.Packet[] = [];
  const stream = createDnsStream((bytes) => void asked.push(dnsPacket.streamDecode(Buffer.from(bytes))));
  const answer = (at: number, addresses: readonly string[]) => {
    const query = asked[at];
    if (query === undefined) throw new Error('that question was not asked');
    stream.receive(framed(answerTo(query, { addresses: [...addresses] })));
  };
  return { stream, asked, answer };
}

describe('questions over one stream', () => {
  it('may be open at the same time, and get their own answers in any order', async () => {
    const { stream, answer } = held();
    const [first, second] = [stream.ask('a.example', never), stream.ask('b.example', never)];
    answer(1, ['192.0.2.2']);
    answer(0, ['192.0.2.1']);
    expect((await first).addresses).toEqual(['192.0.2.1']);
    expect((await second).addresses).toEqual(['192.0.2.2']);
  });

  it('are not harmed by the late answer to one that was given up', async () => {
    const { stream, answer } = held();
    const stop = new AbortController();
    const given = stream.ask('a.example', stop.signal);
    stop.abort(new Error('too late'));
    await expect(given).rejects.toThrow('too late');
    const next = stream.ask('b.example', never);
    answer(0, ['192.0.2.1']);
    answer(1, ['192.0.2.2']);
    expect((await next).addresses).toEqual(['192.0.2.2']);
  });

  it('fail together when the stream ends, and so do later ones', async () => {
    const { stream } = held();
    const open = stream.ask('a.example', never);
    stream.fail(new Error('the connection was closed'));
    await expect(open).rejects.toThrow('was closed');
    await expect(stream.ask('b.example', never)).rejects.toThrow('was closed');
  });
});
