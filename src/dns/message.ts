/** One DNS question and the check that a reply belongs to it. */
import { randomInt } from 'node:crypto';
import dnsPacket from 'dns-packet';

export interface DnsServer {
  readonly address: string;
  readonly port: number;
}

export interface DnsReply {
  readonly rcode: string;
  /** The A or AAAA records of the answer, following no alias: CoreDNS gives the whole chain. */
  readonly addresses: readonly string[];
}

/** The name was looked up, whether it exists or not. A loop ends in SERVFAIL, REFUSED or silence. */
export const wasAnswered = ({ rcode }: Pick<DnsReply, 'rcode'>): boolean =>
  rcode === 'NOERROR' || rcode === 'NXDOMAIN';

export type RecordType = 'A' | 'AAAA';

interface DnsQuestion {
  readonly id: number;
  readonly name: string;
  readonly type: RecordType;
  readonly message: dnsPacket.Packet;
}

/** A question with a random id. */
export function question(name: string, type: RecordType): DnsQuestion {
  const id = randomInt(0, 65_536);
  const bare = name.replace(/\.$/, '');
  return {
    id,
    name: bare.toLowerCase(),
    type,
    message: {
      type: 'query',
      id,
      flags: dnsPacket.RECURSION_DESIRED,
      questions: [{ type, name: bare }],
    },
  };
}

/**
 * Whether a decoded message answers the question; null where it belongs to another one or to a forger.
 */
export function replyTo(
  asked: DnsQuestion,
  message: dnsPacket.Packet & { readonly rcode?: string },
): DnsReply | null {
  const echoed = message.questions?.[0];
  if (message.type !== 'response' || message.id !== asked.id) return null;
  if (echoed?.name.toLowerCase() !== asked.name || echoed.type !== asked.type) return null;
  const addresses = (message.answers ?? []).flatMap((answer) =>
    answer.type === 'A' || answer.type === 'AAAA' ? [answer.data] : [],
  );
  // Its types leave out the rcode that dns-packet's decoder sets.
  return { rcode: message.rcode ?? 'NOERROR', addresses };
}
