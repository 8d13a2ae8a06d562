/** The rule alone: each condition must be required by it, even if an earlier rule would already have matched. */
import { expect, it } from 'vitest';
import type { LoopFacts } from '../loop-facts.ts';
import { kubeletResolvConf } from './kubelet-resolv-conf.ts';

const forward = {
  targets: ['/etc/resolv.conf'],
  usesPodResolvConf: true,
  selfTargets: [],
  ports: [],
  unseen: [],
};
const pod = { ips: ['10.244.0.7'], hostNetwork: false, dnsPolicy: 'Default', dnsConfigNameservers: [] };
const facts: LoopFacts = {
  sighting: { line: 'x', from: '127.0.0.1', to: ':53', zone: '.' },
  origin: 'loopback',
  probedPort: 53,
  isProbedByNameservers: true,
  livedMs: 1000,
  names: { configMap: 'coredns', workload: 'deployment coredns' },
  corefile: { kind: 'root', forward },
  pod,
};

it('repairs if every condition holds', () => {
  expect(kubeletResolvConf(facts)).toEqual({ cause: 'KubeletResolvConf', remedy: { kind: 'repair' } });
});

it.each<readonly [string, Partial<LoopFacts>]>([
  ['the query came from the pod', { origin: 'pod' }],
  ['the query came from elsewhere', { origin: 'elsewhere' }],
  ['it is unknown where the query came from', { origin: 'unnamed' }],
  ['another zone loops', { sighting: { ...facts.sighting, zone: 'a.' } }],
  ['no nameserver leads to the port that was probed', { probedPort: 1053, isProbedByNameservers: false }],
  ['the Corefile cannot be read', { corefile: { kind: 'unreadable', why: 'x' } }],
  ['the Corefile does not serve "."', { corefile: { kind: 'no-root' } }],
  [
    'the Corefile forwards elsewhere',
    { corefile: { kind: 'root', forward: { ...forward, usesPodResolvConf: false } } },
  ],
  [
    'the Corefile also forwards to itself',
    { corefile: { kind: 'root', forward: { ...forward, selfTargets: ['127.0.0.1'] } } },
  ],
  [
    'it is unknown where the Corefile also forwards',
    {
      corefile: {
        kind: 'root',
        forward: { ...forward, unseen: [{ kind: 'other-program', target: '127.0.0.1:5053' }] },
      },
    },
  ],
  ['the pod runs in the host network', { pod: { ...pod, hostNetwork: true } }],
  ['the pod does not get its DNS from the node', { pod: { ...pod, dnsPolicy: 'None' } }],
  ['the pod adds nameservers of its own', { pod: { ...pod, dnsConfigNameservers: ['10.1.1.1'] } }],
])('does not repair if %s', (_name, change) => {
  expect(kubeletResolvConf({ ...facts, ...change })).toBeNull();
});
