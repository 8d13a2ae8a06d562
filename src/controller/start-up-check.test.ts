import { describe, expect, it } from 'vitest';
import { fakeKube, kubeError } from '../../test/support/objects/fake-kube.ts';
import type { Fields } from '../runtime/logger.ts';
import { silentLogger } from '../runtime/logger.ts';
import { createFakeClock } from '../runtime/testing/fake-clock.ts';
import { ASK_AGAIN_MS, checkCluster } from './start-up-check.ts';

const GROUP = '/apis/dnshealth.io/v1alpha1';
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/dnshealth-system/leases';
const KINDS = { resources: [{ name: 'dnshealthpolicies' }, { name: 'dnsremediations' }] };
const DENIED = kubeError(403, 'Forbidden');

/** An operator that starts in a cluster that lacks nothing, but for what a test changes. */
function starting({ isOutside = false } = {}) {
  const fake = fakeKube({
    '/version': { major: '1', minor: '34', gitVersion: 'v1.34.4' },
    [GROUP]: KINDS,
    [LEASES]: DENIED,
  });
  const said: (readonly [message: string, fields: Fields | undefined])[] = [];
  const logger = {
    ...silentLogger,
    warn: (message: string, fields?: Fields) => void said.push([message, fields]),
  };
  const clock = createFakeClock();
  const stop = new AbortController();
  const options = { kube: fake.kube, namespace: 'dnshealth-system', isOutside, logger, clock };
  return { ...fake, said, clock, stop, check: () => checkCluster({ ...options, signal: stop.signal }) };
}

describe('when the operator starts', () => {
  it('nothing is said of a cluster that lacks nothing', async () => {
    const { check, said } = starting();
    await check();
    expect(said).toEqual([]);
  });

  it('one line names everything that the cluster lacks, once an installation had time to end', async () => {
    const { check, said, answers, clock } = starting();
    answers.set('/version', { major: '1', minor: '29+', gitVersion: 'v1.29.9-eks-1' });
    answers.delete(GROUP);
    const checked = check();
    await clock.advance(ASK_AGAIN_MS - 1);
    expect(said).toEqual([]);
    await clock.advance(1);
    await checked;
    const lacks = expect.stringMatching(
      /^the CRD dnshealthpolicies.*; the CRD dnsremediations.*; the field appArmorProfile .*; ValidatingAdmissionPolicy, .*; recursive /,
    );
    expect(said).toEqual([['the cluster lacks something', { kubernetes: 'v1.29.9-eks-1', lacks }]]);
  });

  it('nothing is said of what an installation creates a moment later', async () => {
    const { check, said, answers, clock } = starting();
    answers.delete(GROUP);
    answers.set(LEASES, {});
    const checked = check();
    await clock.settle();
    answers.set(GROUP, KINDS);
    answers.set(LEASES, DENIED);
    await clock.advance(ASK_AGAIN_MS);
    await checked;
    expect(said).toEqual([]);
  });

  it('an API server that stores what the admission policies forbid lacks them', async () => {
    const { check, said, answers, clock } = starting();
    answers.set(LEASES, {});
    const checked = check();
    await clock.advance(ASK_AGAIN_MS);
    await checked;
    const lacks = expect.stringMatching(/^the admission policies of this installation, so /);
    expect(said).toEqual([['the cluster lacks something', { kubernetes: 'v1.34.4', lacks }]]);
  });

  it('admission policies are not asked for under the account of a person', async () => {
    const { check, said, answers, asked } = starting({ isOutside: true });
    answers.set(LEASES, {});
    await check();
    expect(said).toEqual([]);
    expect(asked).not.toContain(`POST ${LEASES}`);
  });

  it('an API server that cannot be reached is asked until it answers, in silence', async () => {
    const { check, said, answers, clock } = starting();
    answers.set('/version', kubeError(503, 'ServiceUnavailable'));
    const checked = check();
    await clock.advance(10 * ASK_AGAIN_MS);
    answers.set('/version', { major: '1', minor: '34', gitVersion: 'v1.34.4' });
    answers.set(GROUP, { resources: [] });
    await clock.advance(2 * ASK_AGAIN_MS);
    await checked;
    expect(said).toHaveLength(1);
  });

  it('an answer that is not understood is reported, and not waited for', async () => {
    const { check, said, answers } = starting();
    answers.set('/version', { ready: 'yes' });
    await check();
    expect(said).toEqual([['the cluster could not be asked what it lacks', expect.anything()]]);
  });

  it('nothing is said by a process that is stopped', async () => {
    const { check, said, answers, clock, stop } = starting();
    answers.delete(GROUP);
    const checked = check();
    await clock.settle();
    stop.abort();
    await checked;
    expect(said).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });
});
