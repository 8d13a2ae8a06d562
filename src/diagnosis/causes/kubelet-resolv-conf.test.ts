/** Asked alone: each condition must hold by itself, also where an earlier rule would have answered already. */
import { expect, it } from 'vitest';
import type { LoopFacts } from '../loop-facts.ts';
import { kubeletResolvConf } from './kubelet-resolv-conf.ts';

const forward = {
  targets: ['/etc/resolv.conf'],
  usesPodResolvConf: true,
  selfTargets: [],
  loopEnabled: true,
  imports: [],
};
const pod = { ips: ['10.244.0.7'], hostNetwork: false, dnsPolicy: 'Default', dnsConfigNameservers: [] };
const facts: LoopFacts = {
  sighting: { line: 'x', from: '127.0.0.1', to: ':53', zone: '.' },
  origin: 'loopback',
  probedPort: 53,
  livedMs: 1000,
  corefile: { kind: 'root', forward },
  pod,
};

it('repairs where every condition holds', () => {
  expect(kubeletResolvConf(facts)).toEqual({ cause: 'KubeletResolvConf', remedy: { kind: 'repair' } });
});

it.each<readonly [string, Partial<LoopFacts>]>([
  ['the query came from the pod', { origin: 'pod' }],
  ['the query came from elsewhere', { origin: 'elsewhere' }],
  ['nobody knows where the query came from', { origin: 'unnamed' }],
  ['another zone loops', { sighting: { ...facts.sighting, zone: 'a.' } }],
  ['another port was asked', { probedPort: 1053 }],
  ['no port is named', { probedPort: undefined }],
  ['the Corefile is not readable', { corefile: { kind: 'unreadable', why: 'x' } }],
  ['the Corefile does not serve "."', { corefile: { kind: 'no-root' } }],
  [
    'the Corefile forwards elsewhere',
    { corefile: { kind: 'root', forward: { ...forward, usesPodResolvConf: false } } },
  ],
  [
    'the Corefile names itself, too',
    { corefile: { kind: 'root', forward: { ...forward, selfTargets: ['127.0.0.1'] } } },
  ],
  ['the pod is on the host network', { pod: { ...pod, hostNetwork: true } }],
  ['the pod does not take its DNS from the node', { pod: { ...pod, dnsPolicy: 'None' } }],
  ['the pod adds servers of its own', { pod: { ...pod, dnsConfigNameservers: ['10.1.1.1'] } }],
])('does not where %s', (_name, change) => {
  expect(kubeletResolvConf({ ...facts, ...change })).toBeNull();
});
