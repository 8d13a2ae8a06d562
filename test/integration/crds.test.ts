/** The two kinds on a real apiserver: no part of the schema is lost, and defaults and validation match the zod schemas. */
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { API_VERSION } from '../../src/api/keys.ts';
import { policySpecSchema, RESOLV_CONF_TARGETS } from '../../src/api/policy.ts';
import type { RemediationSpec } from '../../src/api/remediation.ts';
import { pageOf } from '../../src/plugin/report/page-of.ts';
import { parseRecord } from '../../src/plugin/report/record.ts';
import { aRecord } from '../../src/plugin/report/testing/a-record.ts';
import { DRIFT_RECORDS } from '../../src/plugin/report/testing/drift-records.ts';
import { RECORDS } from '../../src/plugin/report/testing/records.ts';
import { type Answer, type Apiserver, startApiserver } from '../support/apiserver/apiserver.ts';
import { applyCrds, readCrds } from '../support/apiserver/crds.ts';
import { aLateLoop, aSighting } from '../support/objects/builders.ts';

const POLICIES = `/apis/${API_VERSION}/dnshealthpolicies`;
const REMEDIATIONS = `/apis/${API_VERSION}/dnsremediations`;
const STRICT = 'fieldValidation=Strict';
const TARGET = RESOLV_CONF_TARGETS[0];

let server: Apiserver;
beforeAll(async () => {
  server = await startApiserver();
  await applyCrds(server);
});
afterAll(async () => {
  await server.stop();
});

const aPolicy = (name: string, spec?: unknown) => ({
  apiVersion: API_VERSION,
  kind: 'DNSHealthPolicy',
  metadata: { name },
  ...(spec === undefined ? {} : { spec }),
});

const aRemediationSpec = (): RemediationSpec => ({
  policy: { name: 'default', uid: 'p-1' },
  node: { name: 'node-1', uid: 'n-1' },
  cause: 'KubeletResolvConf',
  trigger: 'Crash',
  sighting: {
    pod: { name: 'coredns-x', uid: 'c-1' },
    line: '[FATAL] plugin/loop: Loop (127.0.0.1:38718 -> :53) detected for zone ".", see',
    from: '127.0.0.1',
    to: ':53',
    zone: '.',
    diedAt: '2026-01-01T00:00:00Z',
    seenAt: '2026-01-01T00:00:01.000Z',
  },
  settings: policySpecSchema.parse({}),
});
const aRemediation = (name: string, spec: unknown = aRemediationSpec()) => ({
  apiVersion: API_VERSION,
  kind: 'DNSRemediation',
  metadata: { name },
  spec,
});

/** The message of a request that must have been refused as invalid. */
function refusal({ status, body }: Answer): string {
  expect(body).toMatchObject({ kind: 'Status', code: status, message: expect.any(String) });
  expect([400, 422]).toContain(status);
  return body.message;
}

describe('the CRDs', () => {
  it('are returned with every key that was sent', async () => {
    for (const sent of await readCrds()) {
      const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${sent.metadata.name}`;
      const { body } = await server.call('GET', path);
      expect(body.spec.versions[0].schema).toEqual(sent.spec.versions[0].schema);
      expect(body.spec).toMatchObject(sent.spec);
      const problems = body.status.conditions.filter(
        (condition: { type: string; status: string }) =>
          condition.type === 'NonStructuralSchema' && condition.status === 'True',
      );
      expect(problems).toEqual([]);
    }
  });

  it('have their short names', async () => {
    const { body } = await server.call('GET', `/apis/${API_VERSION}`);
    const names = body.resources.flatMap((resource: { shortNames?: string[] }) => resource.shortNames ?? []);
    expect(names).toEqual(expect.arrayContaining(['dnshealth', 'dnsrem']));
    expect(body.resources.map((resource: { namespaced: boolean }) => resource.namespaced)).not.toContain(
      true,
    );
  });
});

describe('a policy', () => {
  it.each([
    ['without a spec', undefined],
    ['with an empty spec', {}],
    [
      'with empty sections',
      { workload: {}, quarantine: {}, repair: {}, limits: {}, verification: {}, prober: {} },
    ],
  ])('%s gets the defaults of the schema', async (_name, spec) => {
    const { status, body } = await server.call('POST', `${POLICIES}?dryRun=All`, aPolicy('defaults', spec));
    expect(status).toBe(201);
    expect(body.spec).toEqual(policySpecSchema.parse({}));
  });

  it('keeps what is set and fills in the rest', async () => {
    const spec = { mode: 'Observe', verification: { externalName: 'example.org', timeoutSeconds: 30 } };
    const { body } = await server.call('POST', `${POLICIES}?dryRun=All&${STRICT}`, aPolicy('partial', spec));
    expect(body.spec).toEqual(policySpecSchema.parse(spec));
  });

  it.each([
    ['a mode that does not exist', { mode: 'Heal' }, 'spec.mode'],
    ['a mode of the wrong type', { mode: true }, 'spec.mode'],
    ['another kind of workload', { workload: { kind: 'StatefulSet' } }, 'spec.workload.kind'],
    ['a workload in capitals', { workload: { name: 'CoreDNS' } }, 'spec.workload.name'],
    ['an empty workload name', { workload: { name: '' } }, 'spec.workload.name'],
    ['a path as the container', { workload: { container: '../x' } }, 'spec.workload.container'],
    ['a name that is too long', { workload: { name: 'a'.repeat(254) } }, 'spec.workload.name'],
    ['an unknown strategy', { quarantine: { strategy: 'Drain' } }, 'spec.quarantine.strategy'],
    ['a quarantine too short', { quarantine: { maxSeconds: 59 } }, 'spec.quarantine.maxSeconds'],
    ['a quarantine too long', { quarantine: { maxSeconds: 541 } }, 'spec.quarantine.maxSeconds'],
    ['half a second', { quarantine: { maxSeconds: 60.5 } }, 'spec.quarantine.maxSeconds'],
    ['a number as a string', { quarantine: { maxSeconds: '60' } }, 'spec.quarantine.maxSeconds'],
    ['a free path', { repair: { targets: ['/etc/shadow'] } }, 'spec.repair.targets'],
    ['the stub itself', { repair: { targets: ['/etc/resolv.conf'] } }, 'spec.repair.targets'],
    ['no target', { repair: { targets: [] } }, 'spec.repair.targets'],
    ['a target twice', { repair: { targets: [TARGET, TARGET] } }, 'spec.repair.targets'],
    ['targets that are not a list', { repair: { targets: TARGET } }, 'spec.repair.targets'],
    ['a string for a boolean', { repair: { acceptRisky: 'yes' } }, 'spec.repair.acceptRisky'],
    ['a number for a boolean', { repair: { replaceEmptyValue: 1 } }, 'spec.repair.replaceEmptyValue'],
    ['no node at a time', { limits: { maxConcurrent: 0 } }, 'spec.limits.maxConcurrent'],
    ['hardly any history', { limits: { history: 9 } }, 'spec.limits.history'],
    ['too many nodes at a time', { limits: { maxConcurrent: 11 } }, 'spec.limits.maxConcurrent'],
    [
      'a domain that starts with a dot',
      { verification: { clusterDomain: '.local' } },
      'spec.verification.clusterDomain',
    ],
    [
      'a name with a space',
      { verification: { externalName: 'example org' } },
      'spec.verification.externalName',
    ],
    ['an empty external name', { verification: { externalName: '' } }, 'spec.verification.externalName'],
    ['no stable time', { verification: { stableSeconds: 0 } }, 'spec.verification.stableSeconds'],
    [
      'a timeout that is too short',
      { verification: { timeoutSeconds: 9 } },
      'spec.verification.timeoutSeconds',
    ],
    [
      'a stable time beyond the timeout',
      { verification: { stableSeconds: 20, timeoutSeconds: 20 } },
      'spec.verification.stableSeconds',
    ],
    [
      'a stable time far beyond the timeout',
      { verification: { stableSeconds: 60, timeoutSeconds: 10 } },
      'spec.verification.stableSeconds',
    ],
    ['a prober in a hurry', { prober: { intervalSeconds: 4 } }, 'spec.prober.intervalSeconds'],
    ['a prober that sleeps', { prober: { intervalSeconds: 3601 } }, 'spec.prober.intervalSeconds'],
    ['an unknown field', { image: 'evil' }, 'spec.image'],
    ['an unknown field in a section', { repair: { command: ['sh'] } }, 'spec.repair.command'],
    ['a spec that is not an object', 'all', 'spec'],
    ['a list as a section', { workload: [] }, 'spec.workload'],
  ])('with %s is refused, and the message names the field', async (_name, spec, field) => {
    const answer = await server.call('POST', `${POLICIES}?dryRun=All&${STRICT}`, aPolicy('bad', spec));
    const message = refusal(answer);
    // If decoding itself fails, the server puts the last part of the path in quotes.
    const words = message.replaceAll('"', '');
    expect(words).toContain(field);
  });

  it('drops an unknown field if the client did not ask for strict validation', async () => {
    const { status, body } = await server.call(
      'POST',
      `${POLICIES}?dryRun=All&fieldValidation=Ignore`,
      aPolicy('lenient', { image: 'evil' }),
    );
    expect(status).toBe(201);
    expect(body.spec).toEqual(policySpecSchema.parse({}));
  });

  it('has a status that is written only through its subresource, which does not change the spec', async () => {
    const created = await server.call('POST', POLICIES, {
      ...aPolicy('with-status'),
      status: { repaired: 7 },
    });
    expect(created.body.status).toBeUndefined();
    const patch = { spec: { mode: 'Observe' }, status: { quarantined: 1 } };
    const merge = { contentType: 'application/merge-patch+json' };
    const patched = await server.call('PATCH', `${POLICIES}/with-status/status`, patch, merge);
    expect(patched.body.spec.mode).toBe('Repair');
    expect(patched.body.status).toMatchObject({ quarantined: 1, repaired: 0, quarantinedNodes: [] });
    const main = await server.call('PATCH', `${POLICIES}/with-status`, patch, merge);
    expect(main.body.spec.mode).toBe('Observe');
    expect(main.body.status.quarantined).toBe(1);
  });
});

describe('a remediation', () => {
  it('is accepted as the operator writes it, and its spec cannot be changed', async () => {
    const created = await server.call('POST', `${REMEDIATIONS}?${STRICT}`, aRemediation('immutable'));
    expect(created.body.message).toBeUndefined();
    expect(created.body.spec).toEqual(aRemediationSpec());
    for (const spec of [
      { node: { name: 'node-2' } },
      { settings: { mode: 'Observe' } },
      { sighting: { line: 'another' } },
    ]) {
      const merge = { contentType: 'application/merge-patch+json' };
      const answer = await server.call('PATCH', `${REMEDIATIONS}/immutable`, { spec }, merge);
      const message = refusal(answer);
      expect(message).toContain('spec');
      expect(message).toContain('spec is immutable');
    }
  });

  it.each(['healed', ...Object.keys(DRIFT_RECORDS)])(
    'is stored whole, so that its page can be made of it: %s',
    async (what) => {
      // With the defaults of fields that are newer than the incident.
      const record = RECORDS[what] ?? aRecord();
      const name = what.toLowerCase().replaceAll(' ', '-');
      const { status: code } = await server.call('POST', `${REMEDIATIONS}?${STRICT}`, {
        ...aRemediation(name),
        spec: record.spec,
      });
      expect(code).toBe(201);
      const { body: created } = await server.call('GET', `${REMEDIATIONS}/${name}`);
      const { body } = await server.call('PUT', `${REMEDIATIONS}/${name}/status?${STRICT}`, {
        ...created,
        status: record.status,
      });
      expect([body.spec, body.status]).toEqual([record.spec, record.status]);
      expect(pageOf(parseRecord(body, 'the answer')).sections).toHaveLength(8);
    },
  );

  it('began with a crash if it does not say with what, like one that an older version wrote', async () => {
    const spec = { ...aRemediationSpec(), trigger: undefined };
    const { body } = await server.call('POST', `${REMEDIATIONS}?dryRun=All`, aRemediation('old', spec));
    expect(body.spec.trigger).toBe('Crash');
  });

  it('is accepted with the evidence of a late loop alone', async () => {
    const spec = { ...aRemediationSpec(), trigger: 'LateLoop', sighting: undefined, lateLoop: aLateLoop() };
    const path = `${REMEDIATIONS}?dryRun=All&${STRICT}`;
    expect((await server.call('POST', path, aRemediation('late', spec))).status).toBe(201);
  });

  it.each([
    ['no spec', undefined, 'spec'],
    ['no node', { node: undefined }, 'spec.node'],
    ['another cause', { cause: 'UpstreamLoop' }, 'spec.cause'],
    [
      'a line that is too long',
      { sighting: { ...aSighting(), line: 'x'.repeat(1025) } },
      'spec.sighting.line',
    ],
    ['an invalid time', { sighting: { ...aSighting(), diedAt: 'now' } }, 'spec.sighting.diedAt'],
    ['no evidence', { sighting: undefined }, 'sighting must be set if trigger is Crash'],
    [
      'the evidence of another trigger',
      { trigger: 'LateLoop' },
      'lateLoop must be set if trigger is LateLoop',
    ],
    [
      'the evidence of two triggers',
      { lateLoop: aLateLoop() },
      'lateLoop must be set if trigger is LateLoop',
    ],
    ['a trigger that does not exist', { trigger: 'Boredom' }, 'spec.trigger'],
    ['a node name with a slash', { node: { name: 'a/b', uid: 'u' } }, 'spec.node.name'],
    ['a bad setting', { settings: { limits: { maxConcurrent: 99 } } }, 'spec.settings.limits.maxConcurrent'],
  ])('with %s is refused, and the message names the field', async (_name, change, field) => {
    const spec = change === undefined ? undefined : { ...aRemediationSpec(), ...change };
    const object = { ...aRemediation('bad'), spec };
    const answer = await server.call('POST', `${REMEDIATIONS}?dryRun=All&${STRICT}`, object);
    expect(refusal(answer)).toContain(field);
  });
});

describe('the tables of kubectl', () => {
  const columns = async (path: string) => {
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
    const { body } = await server.call('GET', path, undefined, { accept });
    const all: readonly { readonly name: string; readonly priority: number }[] = body.columnDefinitions;
    return {
      usual: all.filter(({ priority }) => priority === 0).map((column) => column.name),
      wide: all.filter(({ priority }) => priority > 0).map((column) => column.name),
    };
  };

  it('have these columns', async () => {
    expect(await columns(POLICIES)).toEqual({
      usual: [
        'Name',
        'Mode',
        'DNS',
        'Answering',
        'Health',
        'Looping',
        'Nodes',
        'Drifted',
        'Waiting',
        'Quarantined',
        'Repaired',
        'Last Repair',
        'Age',
      ],
      wide: ['Ready', 'Paused', 'Breaker Open', 'Failed'],
    });
    expect(await columns(REMEDIATIONS)).toEqual({
      usual: ['Name', 'Node', 'Cause', 'Phase', 'Reason', 'Took', 'Age'],
      wide: ['Trigger', 'Policy', 'Approved By'],
    });
  });
});

/** Values on both sides of every bound. No null: the server treats it as missing, which zod does not. */
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 3 });
const section = (model: Record<string, fc.Arbitrary<unknown>>) => maybe(fc.record(model));
const nearly = (...good: readonly unknown[]) =>
  fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...good) },
    { weight: 1, arbitrary: fc.constantFrom('', 'x', 0, -1, 1.5, true, 'true', '1') },
  );
const name = nearly('coredns', 'a', 'a.b-c', 'rke2-coredns', '-a', 'a-', 'A', 'a'.repeat(253), 'ä');
const domain = nearly('cluster.local', 'cluster.local.', 'a_b.example', 'x..y', '-a.b', 'a'.repeat(64));
const flag = nearly(true, false);
const anySpec = fc.record({
  mode: maybe(nearly('Repair', 'Observe', 'repair')),
  workload: section({
    kind: maybe(nearly('Deployment', 'DaemonSet')),
    name: maybe(name),
    container: maybe(name),
  }),
  quarantine: section({
    strategy: maybe(nearly('Cordon', 'Taint')),
    maxSeconds: maybe(nearly(60, 61, 539, 540)),
  }),
  repair: section({
    targets: maybe(fc.array(nearly(...RESOLV_CONF_TARGETS), { maxLength: 3 })),
    acceptRisky: maybe(flag),
    replaceEmptyValue: maybe(flag),
  }),
  limits: section({ maxConcurrent: maybe(nearly(1, 2, 9, 10)), history: maybe(nearly(10, 100, 1000)) }),
  verification: section({
    clusterDomain: maybe(domain),
    externalName: maybe(domain),
    stableSeconds: maybe(nearly(1, 3, 59, 60)),
    timeoutSeconds: maybe(nearly(10, 59, 60, 61, 600)),
  }),
  prober: section({ intervalSeconds: maybe(nearly(0, 1, 4, 5, 30, 3600, 3601)) }),
});

describe('the schema and the server', () => {
  it('accept and refuse the same specs, and fill in the same defaults', async () => {
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(anySpec, async (generated) => {
        // As it is sent: without undefined fields.
        const spec: unknown = JSON.parse(JSON.stringify(generated));
        const ours = policySpecSchema.safeParse(spec);
        const theirs = await server.call('POST', `${POLICIES}?dryRun=All&${STRICT}`, aPolicy('same', spec));
        expect({ accepted: theirs.status === 201, spec, because: theirs.body.message }).toMatchObject({
          accepted: ours.success,
        });
        expect(theirs.body.spec).toEqual(ours.data);
        accepted += ours.success ? 1 : 0;
      }),
      { numRuns: 200 },
    );
    // A property that sees only one of the two answers proves nothing.
    expect(accepted).toBeGreaterThan(10);
    expect(accepted).toBeLessThan(190);
  });
});
