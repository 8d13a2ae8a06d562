/** A nameserver at an address of the node itself: a resolver of the host is an upstream, the cluster's own DNS is not. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkRequestSchema } from '../api/agent-protocol.ts';
import { NODE_LOCAL_DNS } from '../api/node-local-dns.ts';
import { check } from './check.ts';
import type { Ask } from './decide/ask-server.ts';

import { BAD, FakeNode, UPLINK } from './testing/fake-node.ts';

let node: FakeNode;
beforeEach(() => {
  node = new FakeNode();
});
afterEach(() => rmSync(node.root, { recursive: true }));

const OWN = '192.168.10.7';
const known = { clusterDNS: ['10.233.0.3'], node: [OWN, '2001:db8::7'] };
const CLUSTER_NAME = 'kubernetes.default.svc.example.internal';
/** Answers by server; the second result is for the name of the cluster. */
const answers =
  (table: Readonly<Record<string, readonly [external: string, cluster: string]>>): Ask =>
  async (server, name) => ({
    result: table[server]?.[name === CLUSTER_NAME ? 1 : 0] ?? 'timeout',
    ms: 1,
  });
const dnsmasq = { [OWN]: ['NXDOMAIN', 'NXDOMAIN'] } as const;
const coreDns = { [OWN]: ['NXDOMAIN', 'NOERROR'] } as const;
const silent = {};
const request = { known, clusterName: CLUSTER_NAME, externalName: 'x.invalid' };

describe('a target with an address of the node', () => {
  it.each<[string, string, Parameters<typeof answers>[0], string]>([
    ['a resolver of the host', `nameserver ${OWN}\n`, dnsmasq, 'WouldChange'],
    [
      'a resolver of the host that refuses the name of the cluster',
      `nameserver ${OWN}\n`,
      { [OWN]: ['NOERROR', 'REFUSED'] },
      'WouldChange',
    ],
    ['CoreDNS on the host network', `nameserver ${OWN}\n`, coreDns, 'TargetSelfOnly'],
    [
      'CoreDNS on the host network, beside an upstream',
      `nameserver ${OWN}\nnameserver 192.0.2.1\n`,
      { ...coreDns, '192.0.2.1': ['NXDOMAIN', 'NXDOMAIN'] },
      'TargetRisky',
    ],
    [
      'a resolver of the host, beside an upstream',
      `nameserver ${OWN}\nnameserver 192.0.2.1\n`,
      dnsmasq,
      'WouldChange',
    ],
    ['nothing that answers', `nameserver ${OWN}\n`, silent, 'TargetSilent'],
    [
      'a resolver of the host that cannot resolve',
      `nameserver ${OWN}\n`,
      { [OWN]: ['SERVFAIL', 'SERVFAIL'] },
      'TargetSilent',
    ],
    [
      'a resolver of the host, in another spelling',
      'nameserver 2001:0db8:0:0::7\n',
      { '2001:db8:0:0:0:0:0:7': ['NXDOMAIN', 'NXDOMAIN'], '2001:0db8:0:0::7': ['NXDOMAIN', 'NXDOMAIN'] },
      'WouldChange',
    ],
  ])('where %s listens', async (_what, text, table, reason) => {
    node.write(UPLINK, text);
    node.ask = answers(table);
    expect(await node.inspect(request)).toMatchObject({ reason });
  });

  it('is asked again where only the cluster answers, before that is accepted as a risk', async () => {
    node.write(UPLINK, `nameserver ${OWN}\nnameserver 192.0.2.1\n`);
    node.ask = answers(coreDns);
    const report = await node.repair({ ...request, acceptRisky: true });
    expect(report).toMatchObject({ outcome: 'refused', reason: 'TargetSilent' });
    expect(report.message).not.toContain(OWN);
    expect(node.read()).toBe(BAD);
  });
});

describe('a present file with an address of the node', () => {
  it.each<[string, Parameters<typeof answers>[0], string]>([
    ['a resolver of the host', dnsmasq, 'CurrentIsUsable'],
    ['CoreDNS on the host network', coreDns, 'WouldChange'],
    ['nothing that answers', silent, 'WouldChange'],
  ])('where %s listens', async (_what, table, reason) => {
    node.write('/run/systemd/resolve/stub-resolv.conf', `nameserver ${OWN}\n`);
    node.ask = answers({ ...table, '192.0.2.1': ['NXDOMAIN', 'NXDOMAIN'] });
    expect(await node.inspect(request)).toMatchObject({ reason });
  });
});

describe('a check in a pod whose resolv.conf has an address of the node', () => {
  it.each<[string, Parameters<typeof answers>[0], string]>([
    ['a resolver of the host', dnsmasq, 'ServerAnswers'],
    ['CoreDNS on the host network', coreDns, 'ResolvConfUnusable'],
    ['nothing that answers', silent, 'NoServerAnswers'],
  ])('judges as the repair does where %s listens', async (_what, table, reason) => {
    const resolvConfPath = join(mkdtempSync(join(tmpdir(), 'dnshealth-check-')), 'resolv.conf');
    writeFileSync(resolvConfPath, `nameserver ${OWN}\n`);
    const proof = checkRequestSchema.parse({
      verb: 'check',
      nonce: 'n',
      acceptRisky: false,
      ...request,
    });
    expect(await check(proof, { resolvConfPath, ask: answers(table) })).toMatchObject({ reason });
  });

  it('does not count the answer of a server of the cluster, as the repair does not', async () => {
    const resolvConfPath = join(mkdtempSync(join(tmpdir(), 'dnshealth-check-')), 'resolv.conf');
    writeFileSync(resolvConfPath, 'nameserver 10.233.0.3\nnameserver 192.0.2.1\n');
    const proof = checkRequestSchema.parse({
      verb: 'check',
      nonce: 'n',
      acceptRisky: true,
      ...request,
    });
    const ask = answers({ '10.233.0.3': ['NXDOMAIN', 'NOERROR'] });
    expect(await check(proof, { resolvConfPath, ask })).toMatchObject({ reason: 'NoServerAnswers' });
  });
});

describe('an address of node-local DNS', () => {
  it.each(NODE_LOCAL_DNS)('%s leads into the cluster without being asked', async (address) => {
    node.write(UPLINK, `nameserver ${address}\n`);
    expect(await node.inspect()).toMatchObject({ reason: 'TargetSelfOnly' });
  });

  it('is also that of LocalDNS in AKS, but not the resolvers of clouds', () => {
    expect(NODE_LOCAL_DNS).toEqual(expect.arrayContaining(['169.254.10.10', '169.254.10.11']));
    expect(NODE_LOCAL_DNS).not.toContain('169.254.169.253');
  });
});
