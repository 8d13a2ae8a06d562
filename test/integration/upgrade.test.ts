/** What the last release has stored: it is valid under this one's CRDs, reads the same, and is decided on in the same way. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { CustomResourceDefinition } from '../../src/api/crd.ts';
import { API_VERSION } from '../../src/api/keys.ts';
import { policySpecSchema } from '../../src/api/policy.ts';
import { FINAL_PHASES, type Phase } from '../../src/api/remediation.ts';
import { parsePolicy, parseRemediation } from '../../src/observe/custom-resources.ts';
import { plan } from '../../src/remediation/plan.ts';
import { until } from '../cluster/until.ts';
import { type Answer, type Apiserver, startApiserver } from '../support/apiserver/apiserver.ts';
import { applyCrds, readCrds } from '../support/apiserver/crds.ts';
import { aRemediation, aRepairReport, aSituation, isoAt } from '../support/objects/builders.ts';
import { HANG_MS } from '../support/patience.ts';

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const POLICIES = `/apis/${API_VERSION}/dnshealthpolicies`;
const REMEDIATIONS = `/apis/${API_VERSION}/dnsremediations`;
/** As the last release installed them. */
const OLD_CRDS = new URL('fixtures/crds-0.1.0/', import.meta.url);

const OLD_POLICIES: Readonly<Record<string, object>> = {
  empty: {},
  drift: { mode: 'Observe', drift: { interval: '12h', maxConcurrent: 10 } },
  everything: {
    mode: 'Repair',
    workload: { kind: 'DaemonSet', name: 'rke2-coredns', container: 'dns' },
    quarantine: { strategy: 'Cordon', maxSeconds: 120 },
    repair: {
      targets: ['/run/NetworkManager/no-stub-resolv.conf'],
      acceptRisky: true,
      replaceEmptyValue: true,
    },
    limits: { maxConcurrent: 10, history: 1000 },
    verification: {
      clusterDomain: 'k8s.example',
      externalName: 'example.org',
      stableSeconds: 10,
      timeoutSeconds: 60,
    },
    prober: { intervalSeconds: 0 },
    drift: { interval: '0', maxConcurrent: 1, alsoFiles: 'Repair', maxRepairs: 10 },
  },
};

/** All phases of the last release. */
const OLD_PHASES = [
  'Pending',
  'Quarantining',
  'Repairing',
  'Proving',
  'Releasing',
  'Recreating',
  'Verifying',
  'Healed',
  'Refused',
  'RolledBack',
  'Failed',
  'Cancelled',
] as const satisfies readonly Phase[];

const nameOf = (phase: Phase): string => `in-${phase.toLowerCase()}`;
const anOldRecord = (phase: Phase) => {
  const { spec, status } = aRemediation({
    status: {
      phase,
      reason: 'AsScripted',
      message: 'As the test wants it.',
      quarantine: { strategy: 'Taint', nodeWasUnschedulable: false },
      steps: [{ name: 'Quarantine', startedAt: isoAt(2), finishedAt: isoAt(2) }],
      repair: aRepairReport(),
      ...(FINAL_PHASES.includes(phase) ? { finishedAt: isoAt(20), took: '20s' } : {}),
    },
  });
  return { spec, status };
};

let server: Apiserver;
/** What the server returned while the old CRDs were installed. */
const before = new Map<string, Answer['body']>();
beforeAll(async () => {
  server = await startApiserver();
  const ask = async (...asked: Parameters<Apiserver['call']>) => {
    const { status, body } = await server.call(...asked);
    if (status >= 300) throw new Error(`${asked[0]} ${asked[1]}: ${status} ${body.message}`);
    return body;
  };
  for (const crd of await readCrds()) {
    const file = new URL(`${crd.spec.group}_${crd.spec.names.plural}.yaml`, OLD_CRDS);
    await ask('POST', CRDS, parse(await readFile(file, 'utf8')));
  }
  // Nothing new: it waits until they are served.
  await applyCrds(server);
  for (const [name, spec] of Object.entries(OLD_POLICIES)) {
    const object = { apiVersion: API_VERSION, kind: 'DNSHealthPolicy', metadata: { name }, spec };
    before.set(name, await ask('POST', `${POLICIES}?fieldValidation=Strict`, object));
  }
  for (const phase of OLD_PHASES) {
    const name = nameOf(phase);
    const { spec, status } = anOldRecord(phase);
    // Not strict: the old schema drops what it does not know.
    const created = await ask('POST', REMEDIATIONS, {
      apiVersion: API_VERSION,
      kind: 'DNSRemediation',
      metadata: { name },
      spec,
    });
    before.set(name, await ask('PUT', `${REMEDIATIONS}/${name}/status`, { ...created, status }));
  }
  for (const crd of await readCrds()) await replaced(crd);

  async function replaced(crd: CustomResourceDefinition): Promise<void> {
    const path = `${CRDS}/${crd.metadata.name}`;
    const old = await ask('GET', path);
    await ask('PUT', path, { ...old, spec: crd.spec });
  }
  await until(
    async () => {
      const policy = await ask('GET', `${POLICIES}/empty`);
      const record = await ask('GET', `${REMEDIATIONS}/in-pending`);
      return policy.spec.canary && record.spec.settings.canary ? true : undefined;
    },
    { what: 'the new schemas to be in effect', timeoutMs: HANG_MS, everyMs: 50 },
  );
});
afterAll(async () => {
  await server.stop();
});

/** An object as the new CRD serves it, and as the old one did. */
async function bothOf(
  path: string,
  name: string,
): Promise<readonly [now: Answer['body'], old: Answer['body']]> {
  const { body } = await server.call('GET', `${path}/${name}`);
  return [body, before.get(name)];
}

describe.each(Object.entries(OLD_POLICIES))('the policy "%s" of the last release', (name, spec) => {
  it('has the same values, and defaults of all new fields', async () => {
    const [now, old] = await bothOf(POLICIES, name);
    expect(now.spec).toMatchObject(old.spec);
    expect(now.spec).toEqual(policySpecSchema.parse(spec));
    expect(parsePolicy(now).spec).toEqual(parsePolicy(old).spec);
  });

  it('is restrained by nothing new, except that the first repaired node is watched for a minute', async () => {
    const { spec: read } = parsePolicy((await bothOf(POLICIES, name))[0]);
    expect(read).toMatchObject({
      pause: [],
      otherWorkloads: [],
      canary: { watchSeconds: 60 },
      breaker: { failures: 1 },
      maintenance: { windows: [] },
    });
    expect(read.nodeSelector).toBeUndefined();
    expect(read.breaker.windowMinutes).toBeUndefined();
    expect(read.limits).toMatchObject({ coolDownSeconds: 0, backOffSeconds: 0 });
    expect([read.limits.perHour, read.limits.perNode]).toEqual([undefined, undefined]);
  });

  it('can be written again unchanged', async () => {
    const [now] = await bothOf(POLICIES, name);
    const { status, body } = await server.call('PUT', `${POLICIES}/${name}?fieldValidation=Strict`, now);
    expect(body.message).toBeUndefined();
    expect(status).toBe(200);
  });
});

describe.each(OLD_PHASES)('a record of the last release in the phase %s', (phase) => {
  it('reads the same, and nothing in it is lost', async () => {
    const [now, old] = await bothOf(REMEDIATIONS, nameOf(phase));
    expect(now.spec).toMatchObject(old.spec);
    expect(now.status).toMatchObject(old.status);
    const [read, readOld] = [parseRemediation(now), parseRemediation(old)];
    expect(read.unreadable).toBeNull();
    expect(read).toEqual(readOld);
  });

  it('is decided on as if this release had written it', async () => {
    const [now] = await bothOf(REMEDIATIONS, nameOf(phase));
    const read = parseRemediation(now);
    const written = { ...read, ...anOldRecord(phase) };
    const decide = (remediation: typeof read) => plan(aSituation({ remediation }));
    expect(decide(read)).toEqual(decide(written));
  });

  it('takes a new status, although its spec is immutable and has new defaults', async () => {
    const [now] = await bothOf(REMEDIATIONS, nameOf(phase));
    const next = { ...parseRemediation(now).status, waitingSince: isoAt(9) };
    const path = `${REMEDIATIONS}/${nameOf(phase)}/status?fieldValidation=Strict`;
    const { status, body } = await server.call('PUT', path, { ...now, status: next });
    expect(body.message).toBeUndefined();
    expect(status).toBe(200);
    expect(body.status).toEqual(next);
  });
});
