/** The main failure on clusters without IPv4 and with both families; all other tests run with IPv4 alone. */
import { isIPv6 } from 'node:net';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { RemediationStatus } from '../../src/api/remediation.ts';
import { askUdp } from '../../src/dns/ask-udp.ts';
import type { IpFamily } from '../cluster/address-plan.ts';
import { breakNode } from '../cluster/break-node.ts';
import { GOOD_RESOLV_CONF } from '../cluster/node/kubelet-files.ts';
import { Rig } from '../cluster/rig.ts';
import { rigPaths } from '../cluster/rig-paths.ts';
import { tearDown } from '../cluster/teardown/down.ts';
import { sightingOf } from '../support/objects/builders.ts';
import { type RemediationObject, scheduling, untilEnded } from '../support/rig/cluster-state.ts';
import { applySamplePolicy, installImage } from '../support/rig/installation.ts';
import { justChecked } from '../support/rig/node-checks.ts';

const NODE = 'node-1';
const FAMILIES: readonly IpFamily[] = ['ipv6', 'dual'];
const nameOf = (ipFamily: IpFamily): string => `e2e-${ipFamily}`;

interface Repaired {
  readonly rig: Rig;
  readonly ended: RemediationObject & { readonly status: RemediationStatus };
}

async function breakAndWait(ipFamily: IpFamily): Promise<Repaired> {
  const name = nameOf(ipFamily);
  const say = (line: string): void => void process.stderr.write(`[${name}] ${line}\n`);
  await tearDown(rigPaths(name));
  const rig = await Rig.up({ name, ipFamily, onProgress: say });
  await installImage(rig, inject('operatorImage'), say);
  await justChecked(rig);
  await applySamplePolicy(rig);
  await breakNode(rig, NODE, { wait: false });
  return { rig, ended: await untilEnded(rig, NODE) };
}

// One after the other: each is a third cluster on the machine, beside those of the two workers.
describe.each(FAMILIES)('a CoreDNS loop on a cluster with %s', (ipFamily) => {
  let rig: Repaired['rig'];
  let ended: Repaired['ended'];

  beforeAll(async () => {
    ({ rig, ended } = await breakAndWait(ipFamily));
  });
  afterAll(async () => tearDown(rigPaths(nameOf(ipFamily))));

  it('is healed without manual steps', async () => {
    expect(ended.status).toMatchObject({ phase: 'Healed', reason: 'Verified' });
    expect(await rig.resolvConf(NODE)).toBe(GOOD_RESOLV_CONF);
    expect(await scheduling(rig, NODE)).toMatchObject({ unschedulable: false, ours: [] });
  });

  it('is recorded with the stub resolver as its cause and the uplinks of the node as the repair', () => {
    expect(sightingOf(ended.spec)).toMatchObject({ from: '127.0.0.1', to: ':53', zone: '.' });
    const uplinks = rig.plan.networks.map(({ controlPlane }) => controlPlane);
    expect(ended.status).toMatchObject({
      repair: { current: { class: 'stub' }, target: { nameservers: uplinks } },
      proof: { resolvConf: { nameservers: uplinks } },
    });
  });

  it('ends only when the kubelet responds again, not after the time that is given to one that cannot be asked', () => {
    const { times } = ended.status.repair ?? {};
    const { restarted = '', finished = '' } = times ?? {};
    expect(Date.parse(finished) - Date.parse(restarted)).toBeLessThan(15_000);
  });

  it('is verified at the address of the new pod, with the address of the kubernetes Service in the answer', () => {
    const { podIP = '', answers = [] } = ended.status.verification ?? {};
    expect(isIPv6(podIP)).toBe(ipFamily === 'ipv6');
    expect(answers.filter(({ ok }) => !ok)).toEqual([]);
    const { kubernetesService } = rig.plan.primary;
    const ofCluster = answers.filter(({ result }) => result.split(' ').includes(kubernetesService));
    expect(new Set(ofCluster.map(({ protocol }) => protocol))).toEqual(new Set(['udp', 'tcp']));
  });

  it('leaves a DNS Service that answers at each of its addresses', async () => {
    for (const { clusterDns } of rig.plan.networks) {
      const reply = await askUdp(
        { address: clusterDns, port: 53 },
        'example.com',
        AbortSignal.timeout(5_000),
      );
      expect([clusterDns, reply.rcode]).toEqual([clusterDns, 'NOERROR']);
    }
  });
});
