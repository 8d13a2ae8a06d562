import { describe, expect, it } from 'vitest';
import { type ClusterFacts, clusterLacks } from './cluster-lacks.ts';

const KINDS = ['dnshealthpolicies', 'dnshealthpolicies/status', 'dnsremediations', 'dnsremediations/status'];
const lacks = (facts: Partial<ClusterFacts>) =>
  clusterLacks({ major: '1', minor: '34', kinds: KINDS, isUnconfined: false, ...facts });

describe('what a cluster lacks', () => {
  it.each(['31', '34', '37', '40'])('nothing from 1.31 on: 1.%s', (minor) => {
    expect(lacks({ minor })).toEqual([]);
  });

  it('1.30: mounts that are read-only at every depth', () => {
    expect(lacks({ minor: '30' })).toEqual([expect.stringMatching(/^recursive read-only mounts, so /)]);
  });

  it.each(['29', '29+', '28-gke.1'])('1.%s: also AppArmor profiles and admission policies', (minor) => {
    expect(lacks({ minor, isUnconfined: true })).toEqual([
      expect.stringMatching(/^the field appArmorProfile of pods, so /),
      expect.stringMatching(/^ValidatingAdmissionPolicy, so /),
      expect.stringMatching(/^recursive read-only mounts, so /),
    ]);
  });

  it('a CRD that is not served is named, whatever the release', () => {
    expect(lacks({ kinds: ['dnshealthpolicies'] })).toEqual([
      'the CRD dnsremediations.dnshealth.io, without which nothing begins',
    ]);
    expect(lacks({ kinds: null })).toHaveLength(2);
  });

  it('admission policies that are not in force are named', () => {
    expect(lacks({ isUnconfined: true })).toEqual([
      expect.stringMatching(/^the admission policies of this installation, so .*only RBAC limits the token/),
    ]);
  });

  it('a release that cannot be told lacks nothing that is known', () => {
    expect(lacks({ major: '2', minor: '0' })).toEqual([]);
    expect(lacks({ minor: '' })).toEqual([]);
  });
});
